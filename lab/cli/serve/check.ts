/** The verb `lab check`: whether a lab would start with these options, without starting one. */
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { defineVerb, type Host } from '../../../platform/process/verb.ts';
import { isLoopback } from '../../lab-server.ts';
import type { LabOptions } from '../../lab-settings.ts';
import { checkPem } from '../../listeners/renew-certificate.ts';
import { readSigningKey } from '../../listeners/reply-signing.ts';
import { openKeyFile } from '../../store/secrets/key-ring.ts';
import { checkSecretsKey } from '../../store/secrets/secrets-key.ts';
import { keyFileBeside } from '../../store/sqlite/database.ts';
import { inspectDatabase } from '../../store/sqlite/inspect.ts';
import { peopleOptions } from './people-values.ts';
import { labOptions, siteKeyOf } from './serve.ts';
import { yargsOptions, type ServerValues } from './server-options.ts';
import { resolveValues } from './server-values.ts';

/** A line of the answer. */
interface Finding {
  readonly what: string;
  readonly verdict: 'good' | 'note' | 'wrong';
  readonly says: string;
}

async function look(what: string, work: () => Promise<string> | string): Promise<Finding> {
  try {
    return { what, verdict: 'good', says: await work() };
  } catch (error) {
    const remedy = error instanceof RazorMkError ? ` (${error.remedy})` : '';
    return { what, verdict: 'wrong', says: messageOf(error) + remedy };
  }
}

function databaseText(path: string): string {
  if (!existsSync(path)) {
    if (!existsSync(dirname(path))) throw new Error(`its directory ${dirname(path)} does not exist`);
    return `${path} will be made`;
  }
  const { schema, known, nodes, operators } = inspectDatabase(path);
  if (schema > known) throw new Error(`${path} was written by a newer version (schema ${schema}, known ${known})`);
  const step = schema === known ? '' : `, brought from schema ${schema} to ${known} at the start`;
  return `${path}: ${nodes} nodes, ${operators} operators${step}`;
}

/** Which key the secrets have, or will get. Throws RAZOR_MK_LAB_SECRETS. */
function secretsText(path: string, keyFile: string): string {
  const ring = openKeyFile(keyFile);
  const row = existsSync(path) ? inspectDatabase(path).secretKey : undefined;
  if (row) return `key ${checkSecretsKey(row, ring, path).id} of ${keyFile}`;
  const { id } = ring.newest() ?? {};
  return id === undefined ? `${keyFile} will be made` : `sealed with key ${id} of ${keyFile} at the start`;
}

function directoryText(path: string): string {
  if (!statSync(path).isDirectory()) throw new Error(`${path} is not a directory`);
  return path;
}

async function certificate(options: LabOptions['people'], now: number): Promise<Finding | undefined> {
  const tls = options?.tls;
  if (tls === undefined) return undefined;
  return await look('certificate', () => `good until ${checkPem(tls, now).validTo}`);
}

/** Whether strangers could come in. */
function protection(values: ServerValues, people: LabOptions['people'], operators: number): Finding {
  const what = 'people';
  const host = values['people-host'];
  const known = people?.token !== undefined || people?.openId !== undefined || operators > 0;
  if (isLoopback(host)) {
    const who = known ? 'asks for a login or a token' : 'open to every user of this machine';
    return { what, verdict: known ? 'good' : 'note', says: `${host}: ${who}` };
  }
  if (!known)
    return { what, verdict: 'note', says: `${host}: neither operators nor a token: one is made at each start` };
  if (people?.tls !== undefined) return { what, verdict: 'good', says: `${host}: https, asks for a login or a token` };
  return { what, verdict: 'note', says: `${host}: without --tls-cert passwords cross the network unencrypted` };
}

/** Of a database that cannot be read there are none; what is wrong with it has a line of its own. */
function operatorsIn(path: string): number {
  try {
    return existsSync(path) ? inspectDatabase(path).operators : 0;
  } catch {
    return 0;
  }
}

async function findings(values: ServerValues, host: Host): Promise<readonly Finding[]> {
  const people = await peopleOptions(values, host);
  const { db, 'task-files': taskFiles, 'boot-dir': bootDir, 'site-key': siteKey } = values;
  const kept = db === undefined || db === ':memory:' ? undefined : db;
  const operators = kept === undefined ? 0 : operatorsIn(kept);
  const all: (Finding | undefined)[] = [
    await look('options', () => {
      labOptions(values);
      return 'all are known, with values that fit';
    }),
    values.database !== undefined
      ? { what: 'database', verdict: 'note', says: 'PostgreSQL, which is asked at the start' }
      : kept === undefined
        ? { what: 'database', verdict: 'note', says: 'in memory: everything is forgotten with the process (--db FILE)' }
        : await look('database', () => databaseText(kept)),
    kept === undefined
      ? undefined
      : await look('secrets', () => secretsText(kept, values['secrets-key'] ?? keyFileBeside(kept))),
    await certificate(people, Date.now()),
    siteKey === undefined
      ? undefined
      : await look(
          'site key',
          async () => `${readSigningKey((await siteKeyOf(values)) ?? '').asymmetricKeyType ?? ''}`,
        ),
    taskFiles === undefined ? undefined : await look('task files', () => directoryText(taskFiles)),
    bootDir === undefined ? undefined : await look('boot directory', () => directoryText(bootDir)),
    protection(values, people, operators),
  ];
  return all.filter((each) => each !== undefined);
}

export const check = defineVerb({
  examples: [
    ['lab check --config /etc/razor-mk/lab.yaml', 'before a restart'],
    ['lab check --db lab.db --tls-cert lab.pem --tls-key lab.key', 'options of the command line'],
  ],
  options: (yargs) =>
    yargs.options(yargsOptions()).option('config', { type: 'string', describe: 'YAML file with these options' }),
  run: async (args, host) => {
    const values = await resolveValues(args as Readonly<Record<string, unknown>>, host.env);
    const all = await findings(values, host);
    const width = Math.max(...all.map(({ what }) => what.length));
    for (const { what, verdict, says } of all) host.out(`${verdict.padEnd(5)}  ${what.padEnd(width)}  ${says}\n`);
    return all.some(({ verdict }) => verdict === 'wrong') ? 78 : 0;
  },
});
