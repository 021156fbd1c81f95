/** Runs a lab until it is stopped, and prints what happens in it. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { checkKernelArguments } from '../../../platform/netboot/kernel-arguments.ts';
import type { Host } from '../../../platform/process/verb.ts';
import type { LabEvent } from '../../lab-events.ts';
import { openRequestLog } from '../../listeners/request-log.ts';
import { isLoopback, startLab, type Lab } from '../../lab-server.ts';
import { DEFAULT_PORTS, type IronicOptions, type LabOptions, type MatchKey } from '../../lab-settings.ts';
import { isPostgresUrl, secretsKeyMissing } from '../../store/open-lab-store.ts';
import { printable } from '../print.ts';
import { peopleOptions, protectionText } from './people-values.ts';
import type { ServerValues } from './server-options.ts';
import { resolveValues } from './server-values.ts';

/** How long the lab answers on after it was told to end: whoever is in the middle of asking gets an answer. */
const DRAIN_MS = 300;

/** Runs the verb; the result is the exit status. Throws what `resolveValues` and `startLab` throw. */
export async function serve(args: Readonly<Record<string, unknown>>, host: Host): Promise<number> {
  const values = await resolveValues(args, host.env);
  const lines = lineWriter(host);
  const people = await peopleOptions(values, host);
  const path = values['request-log'];
  const report = (text: string): void => host.err(`razor-mk: ${text}\n`);
  const requests = path === undefined ? undefined : openRequestLog(path, report);
  const lab = await startLab({
    ...labOptions(values),
    siteKey: await siteKeyOf(values),
    people,
    onRequest: requests?.add,
    onEvent: (event) => lines.add(values.events ? JSON.stringify(event) : lineOf(event)),
  });
  lines.flush();
  printAddresses(lab, values, host);
  if (!host.signal.aborted) {
    await new Promise<void>((stop) => host.signal.addEventListener('abort', () => stop(), { once: true }));
  }
  await lab.close(DRAIN_MS);
  requests?.close();
  lines.flush();
  if (!values.events) host.out('stopped\n');
  return 0;
}

/** What is kept in a file is not forgotten because a rack was switched off; the originals forget after five minutes. */
function expireSeconds({ 'node-expire': given, db, database, faithful }: ServerValues): number {
  return given ?? ((db ?? database) !== undefined && !faithful ? 0 : 300);
}

/** A file or a database. Throws RAZOR_MK_USAGE. */
function databaseOf({
  db,
  database,
  'image-dir': imageDir,
  'secrets-key': secretsKey,
}: ServerValues): string | undefined {
  if (database === undefined) return db;
  if (db !== undefined) throw new RazorMkError('RAZOR_MK_USAGE', 'either --db or --database');
  if (!isPostgresUrl(database)) {
    throw new RazorMkError('RAZOR_MK_USAGE', '--database is not a URL of PostgreSQL', {
      remedy: 'Write postgres://USER@HOST:PORT/DATABASE; a file is given by --db.',
    });
  }
  if (imageDir === undefined) {
    throw new RazorMkError('RAZOR_MK_USAGE', '--database needs --image-dir', {
      remedy: 'Give a directory that all labs of the database have in common: each of them serves every image.',
    });
  }
  if (secretsKey === undefined) throw secretsKeyMissing();
  return database;
}

/** What a lab is started with, but what concerns people. Throws RAZOR_MK_USAGE. */
export function labOptions(values: ServerValues): LabOptions {
  return {
    host: values.host,
    ports: {
      nodes: values.port,
      images: values['image-port'],
      people: values['people-port'],
      razorServer: razorServerPort(values),
    },
    advertise: values.advertise,
    db: databaseOf(values),
    secretsKey: values['secrets-key'],
    imageDir: values['image-dir'],
    faithful: values.faithful,
    protectNewNodes: values['protect-new-nodes'],
    addressRate: values['address-rate'],
    timing: { registerTimeoutMs: values['register-timeout'] * 1000, nodeExpireMs: expireSeconds(values) * 1000 },
    microkernel: {
      pushed: parseMk(values.mk ?? []),
      kernelArgs: kernelArgs(values['mk-kernel-args']),
      debugLevel: values['mk-debug-level'],
      bootDir: values['boot-dir'],
    },
    taskFiles: values['task-files'],
    razorServer: {
      matchNodesOn: values['match-nodes-on'] as readonly MatchKey[] | undefined,
      extensionZip: values['extension-zip'],
      factsBlacklist: values['facts-blacklist'],
    },
    ironic: ironicOf(values),
  };
}

/** Words that boot loader and kernel hand on as they are; a line that is too long stops the boot without a word. Throws RAZOR_MK_USAGE. */
function kernelArgs(text: string | undefined): string | undefined {
  checkKernelArguments((text ?? '').split(/\s+/).filter((word) => word !== ''));
  return text;
}

/** The port of razor-server where any of its options was given, undefined otherwise: nothing listens unasked. */
function razorServerPort(values: ServerValues): number | undefined {
  const { 'razor-server': flag, 'razor-server-port': port } = values;
  const implied = (['extension-zip', 'match-nodes-on', 'facts-blacklist'] as const).some(
    (name) => values[name] !== undefined,
  );
  return port ?? (flag || implied ? DEFAULT_PORTS.razorServer : undefined);
}

/** The conductor of `--ironic`, `--ironic-node` and `--ironic-image`. Throws RAZOR_MK_USAGE. */
function ironicOf(values: ServerValues): IronicOptions | undefined {
  const { ironic, 'ironic-node': words = [], 'ironic-image': image, 'ironic-port': port } = values;
  if (!ironic && words.length === 0 && image === undefined) return undefined;
  const nodes = words.map((word) => {
    const [, uuid, key, file, local] = /^([\w-]{1,64})=([^,]+),([^,]+?)(,local)?$/.exec(word) ?? [];
    if (uuid === undefined || key === undefined || file === undefined) {
      const named = word.split('=')[0] ?? '';
      throw new RazorMkError('RAZOR_MK_USAGE', `--ironic-node ${named} is not UUID=KEY,IMAGE[,local]`);
    }
    return { uuid, key, image: resolve(file), bootOption: local === undefined ? 'netboot' : 'local' } as const;
  });
  // nodes that were named are all that there are, unless any node was asked for
  return { port, nodes, ...((ironic || image !== undefined) && { anyNode: { image } }) };
}

/** `KEY=VALUE` of the pushed configuration: numbers and booleans as such, everything else as text. */
function parseMk(words: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    words.map((word) => {
      const [, key, value = ''] = /^(mk_\w+)=(.*)$/s.exec(word) ?? [];
      if (key === undefined) throw new RazorMkError('RAZOR_MK_USAGE', `mk: ${word} is not mk_NAME=VALUE`);
      if (/^-?\d+(\.\d+)?$/.test(value)) return [key, Number(value)];
      return [key, value === 'true' ? true : value === 'false' ? false : value];
    }),
  );
}

/** The site key's text. Throws RAZOR_MK_FILE_UNREADABLE. */
export async function siteKeyOf({ 'site-key': path }: ServerValues): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `cannot read the site key: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** An address for all interfaces is shown as loopback, where it surely works: that it is more is said. */
function everywhere(values: ServerValues): string {
  return ['0.0.0.0', '::'].includes(values['people-host']) ? ', and on every address of this machine' : '';
}

function printAddresses(lab: Lab, values: ServerValues, host: Host): void {
  const { nodesUrl, imagesUrl, razorServerUrl, peopleUrl, ironicUrl, madeToken } = lab;
  const made = madeToken === undefined ? {} : { token: madeToken };
  if (values.events) {
    host.out(
      `${JSON.stringify({ type: 'ready', nodesUrl, imagesUrl, razorServerUrl, peopleUrl, ironicUrl, ...made })}\n`,
    );
    return;
  }
  host.out(`nodes         ${nodesUrl}\nimages        ${imagesUrl}\n`);
  if (razorServerUrl !== undefined) host.out(`razor-server  ${razorServerUrl}\n`);
  host.out(`page          ${peopleUrl}${everywhere(values)}${protectionText(lab.access.words())}\n`);
  if (madeToken !== undefined) {
    host.out(`token         ${madeToken}\n`);
    host.out('              for verbs: RAZOR_MK_LAB_TOKEN=…; for a browser: as the password, with any name\n');
  }
  if (!isLoopback(values['people-host']) && !peopleUrl.startsWith('https'))
    host.err('razor-mk: without --tls-cert passwords and tokens cross the network unencrypted\n');
  if (ironicUrl === undefined) return;
  host.out(`ironic        ${ironicUrl}\n`);
  const { 'ironic-image': image, 'ironic-node': named = [] } = values;
  if (image !== undefined) host.out(`              ${image} is written to every disk that is offered to it\n`);
  else if (named.length === 0) {
    host.out(
      '              any deploy ramdisk may call and is shown on the page; what is missing is an image to write:\n' +
        '              --ironic-image FILE for all, or --ironic-node UUID=KEY,IMAGE for one\n',
    );
  }
}

function lineOf(event: LabEvent): string {
  const about = event.node === undefined ? '' : ` ${event.node}`;
  return printable(`${new Date(event.at).toISOString()} ${event.type}${about} ${event.message}`);
}

/** Lines of one turn of the event loop leave in one write: thousands a second would each be one. */
function lineWriter(host: Host): { add(line: string): void; flush(): void } {
  let waiting: string[] = [];
  const flush = (): void => {
    if (waiting.length > 0) host.out(`${waiting.join('\n')}\n`);
    waiting = [];
  };
  return {
    add(line) {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push(line);
    },
    flush,
  };
}
