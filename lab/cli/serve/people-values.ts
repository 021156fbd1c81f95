/** Token, certificate and names for page and management API, from the options; and what is said of them. */
import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import type { Host } from '../../../platform/process/verb.ts';
import type { PeopleOptions, Pem } from '../../lab-settings.ts';
import { readToken } from '../management-client.ts';
import { openIdOptions } from './openid-values.ts';
import type { ServerValues } from './server-options.ts';

/** The options of the listener. Throws RAZOR_MK_USAGE and RAZOR_MK_FILE_UNREADABLE. */
export async function peopleOptions(values: ServerValues, host: Host): Promise<PeopleOptions> {
  const { 'tls-cert': cert, 'tls-key': key, 'token-file': tokenFile } = values;
  if ((cert === undefined) !== (key === undefined)) {
    throw new RazorMkError('RAZOR_MK_USAGE', '--tls-cert and --tls-key go together');
  }
  for (const path of [tokenFile, key, values['secrets-key'], values['oidc-secret-file']])
    await warnOfReaders(path, host);
  const fromEnvironment = host.env['RAZOR_MK_LAB_TOKEN'];
  return {
    host: values['people-host'],
    token: tokenFile === undefined ? fromEnvironment || undefined : await readToken(tokenFile),
    spareToken: randomBytes(18).toString('base64url'),
    names: values['people-name'] ?? [],
    openId: await openIdOptions(values),
    ...(cert !== undefined && key !== undefined && (await tlsOptions(cert, key))),
  };
}

async function tlsOptions(cert: string, key: string): Promise<Pick<PeopleOptions, 'tls' | 'renewedTls'>> {
  try {
    let times = await changedAt(cert, key);
    return {
      tls: await readPem(cert, key),
      async renewedTls() {
        const now = await changedAt(cert, key);
        if (now === times) return undefined;
        const pem = await readPem(cert, key);
        // half of a renewal is looked at again: the other file is still the old one
        times = (await changedAt(cert, key)) === now ? now : times;
        return pem;
      },
    };
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read the certificate: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

async function readPem(cert: string, key: string): Promise<Pem> {
  return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
}

async function changedAt(...paths: readonly string[]): Promise<string> {
  const times = await Promise.all(paths.map(async (path) => (await stat(path)).mtimeMs));
  return times.join(' ');
}

/** A secret that others may read is none. */
async function warnOfReaders(path: string | undefined, host: Host): Promise<void> {
  if (path === undefined) return;
  const mode = await stat(path).then(
    (found) => found.mode,
    () => 0,
  );
  if ((mode & 0o007) === 0) return;
  host.err(`razor-mk: ${path} can be read by every user of this machine: chmod o= ${path}\n`);
}

/** What protects page and management API, for the line with their address. */
export function protectionText(words: 'open' | 'token' | 'operators'): string {
  if (words === 'open') return '  (open to every user of this machine, until an operator is added)';
  return words === 'token' ? '  (requires the token)' : '  (requires a login or a token)';
}
