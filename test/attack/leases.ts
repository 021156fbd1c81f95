/**
 * Hostile leases through busybox' real udhcpc and the image's real script, in two network namespaces. The script's root is a
 * directory of its own and `ip` is a stand-in that writes down how it was called.
 */
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createNamespace, type Namespace } from '../../lab/vm/namespace.ts';
import { PROJECT } from '../../packaging/project-paths.ts';
import { DEFAULT_PATH, run } from '../../platform/process/run.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { counted, firstLine, type Row, type Scale } from './suite.ts';

const WHAT = 'hostile leases through real udhcpc and the script of the image';

/** 1,500 leases, one after the other. */
export async function attackLeases(scale: Scale): Promise<readonly Row[]> {
  const skipped = await cannot();
  if (skipped !== undefined) return [{ what: WHAT, tried: 0, failed: [], skipped }];
  const [server, client] = [await createNamespace(), await createNamespace()];
  try {
    return [await leases(server, client, scale)];
  } finally {
    await client.close();
    await server.close();
  }
}

async function cannot(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  for (const argv of [
    ['ip', '-V'],
    ['unshare', '--version'],
  ] as const)
    if ((await run(argv)).failure === 'not-found') return `${argv[0]} is not installed`;
  const applets = await run(['busybox', '--list']);
  return applets.stdout.toString().split('\n').includes('udhcpc') ? undefined : 'no busybox with udhcpc is installed';
}

async function leases(server: Namespace, client: Namespace, scale: Scale): Promise<Row> {
  const ends = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', String(client.pid)];
  const made = await run(['ip', 'link', 'add', 's0', 'netns', String(server.pid), ...ends]);
  if (made.status !== 0) return { what: WHAT, tried: 0, failed: [], skipped: made.stderr.toString().trim() };
  await server.must(['ip', 'addr', 'add', '10.77.1.1/24', 'dev', 's0']);
  await server.must(['ip', 'link', 'set', 's0', 'up']);
  await client.must(['ip', 'link', 'set', 'eth0', 'up']);
  const root = layOut();
  const kinds: string[] = [];
  await server.start([process.execPath, join(import.meta.dirname, 'dhcp-server.ts'), String(scale.seed)], {
    onLine: (line) => kinds.push(line),
  });
  while (!kinds.includes('ready')) await new Promise((resolve) => setTimeout(resolve, 50));
  const tried = counted(scale, 1500, 40);
  const failed: string[] = [];
  let [bound, refused, slowest] = [0, 0, 0];
  for (let count = 0; count < tried; count++) {
    const { status, ms, said } = await oneLease(client, root);
    slowest = Math.max(slowest, ms);
    if (status === 0) bound += 1;
    else refused += 1;
    const kind = kinds.at(-1) ?? '';
    for (const problem of [...problemsOf(root), ...(said === '' ? [] : [said])]) failed.push(`${kind}: ${problem}`);
    if (ms > 15_000) failed.push(`${kind}: ${Math.round(ms)} ms`);
  }
  return { what: WHAT, tried, failed, note: `${bound} bound, ${refused} not taken, slowest ${Math.round(slowest)} ms` };
}

const DIRECTORIES = ['tmp', 'etc', 'proc', 'bin', 'usr/share'];

function layOut(): string {
  const root = temporaryDirectory();
  for (const directory of DIRECTORIES) mkdirSync(join(root, directory), { recursive: true });
  cpSync(join(PROJECT, 'tinycore/overlay/all/usr/share/udhcpc'), join(root, 'usr/share/udhcpc'), { recursive: true });
  writeFileSync(join(root, 'proc/cmdline'), 'quiet\n');
  writeFileSync(join(root, 'bin/ip'), `#!/bin/sh\nprintf '%s\\n' "$*" >>'${root}/ip.log'\n`);
  writeFileSync(join(root, 'bin/logger'), '#!/bin/sh\n');
  for (const name of ['ip', 'logger']) chmodSync(join(root, 'bin', name), 0o755);
  return root;
}

async function oneLease(
  client: Namespace,
  root: string,
): Promise<{ readonly status: number | undefined; readonly ms: number; readonly said: string }> {
  const options = [26, 42, 66, 119, 121, 224, 225, 226].flatMap((option) => ['-O', String(option)]);
  const script = join(root, 'usr/share/udhcpc/dhcp_mk_config.script');
  const argv = ['busybox', 'udhcpc', '-f', '-q', '-n', '-t', '2', '-T', '1', '-i', 'eth0', '-s', script, ...options];
  const env = { PATH: `${join(root, 'bin')}:${DEFAULT_PATH}`, RAZOR_MK_ROOT: root };
  const result = await run(client.inside(argv as [string, ...string[]]), { env, timeoutMs: 30_000 });
  // udhcpc tells its own story on stderr; what a shell says is not part of it
  const lines = result.stderr.toString('utf8').split('\n');
  const said = lines.filter((line) => line !== '' && !line.startsWith('udhcpc: ')).slice(0, 2);
  return { status: result.status, ms: result.durationMs, said: said.join('; ') };
}

/** What each file that the script writes may hold. */
const FILES: readonly (readonly [RegExp, RegExp])[] = [
  [/^etc\/resolv\.conf$/, /^(?:(?:search(?: [A-Za-z0-9_.-]{1,255}){1,10}|nameserver [0-9a-fA-F.:]{2,45})\n)*$/],
  [/^tmp\/nextServerIP\.addr$/, /^\d{1,3}(?:\.\d{1,3}){3}\n$|^[A-Za-z0-9._-]{1,253}\n$/],
  [/^tmp\/hanlonServer(?:IP|Port|BaseUri)\.addr$/, /^[A-Za-z0-9._~:/-]{1,256}\n$/],
  [/^tmp\/razor-mk-net\/[\w./+-]+$/, /^[A-Za-z0-9 ._~:/|-]*\n?$/],
];
/** Words of `ip` as the script may call it. */
const CALLS = /^[A-Za-z0-9 ./:+-]*$/;

/** What a lease did that it must not. The files it may write are removed for the next one. */
function problemsOf(root: string): string[] {
  const problems: string[] = [];
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((path) => !/^(?:usr\/share\/udhcpc|bin)\/|^proc\/cmdline$|^ip\.log$/.test(path));
  for (const path of files) {
    const allowed = FILES.find(([name]) => name.test(path));
    const content = readFileSync(join(root, path), 'latin1');
    if (allowed === undefined) problems.push(`wrote ${JSON.stringify(path)}`);
    else if (!allowed[1].test(content)) problems.push(`${path}: ${JSON.stringify(content.slice(0, 80))}`);
  }
  const log = join(root, 'ip.log');
  const calls = existsSync(log) ? readFileSync(log, 'latin1').split('\n') : [];
  for (const call of calls) if (!CALLS.test(call)) problems.push(`ip ${JSON.stringify(call.slice(0, 80))}`);
  for (const path of ['ip.log', 'tmp', 'etc']) rmSync(join(root, path), { recursive: true, force: true });
  for (const directory of DIRECTORIES) mkdirSync(join(root, directory), { recursive: true });
  return problems;
}

/** For the table, when a namespace could not be used. */
export function reason(error: unknown): string {
  return firstLine(error);
}
