/** A root directory as a booted node has it: busybox with the overlay on top, and a shell inside, in namespaces of its own. */
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Namespace } from '../../lab/vm/namespace.ts';
import { PROJECT } from '../../packaging/project-paths.ts';
import { tool } from '../../packaging/tools.ts';
import { run } from '../../platform/process/run.ts';

/** Why such a node cannot be made here, or false. */
export async function cannot(): Promise<string | false> {
  if (process.getuid?.() !== 0) return 'network namespaces and chroot need root';
  for (const program of ['ip', 'dnsmasq', 'unshare', 'apt-get', 'dpkg'])
    if ((await run([program, '--version'])).failure === 'not-found') return `${program} is not installed`;
  return false;
}

let unpacked: Promise<string> | undefined;

/** The directory of busybox-static, fetched and unpacked beside: several nodes may be made at once, and runs side by side. */
async function unpackBusybox(): Promise<string> {
  const cache = join(PROJECT, 'build/cache/busybox');
  if (existsSync(join(cache, 'bin/busybox'))) return cache;
  const beside = `${cache}.${process.pid}`;
  try {
    mkdirSync(beside, { recursive: true });
    await tool(['apt-get', 'download', 'busybox-static'], { cwd: beside });
    const deb = readdirSync(beside).find((name) => name.endsWith('.deb')) ?? '';
    await tool(['dpkg', '-x', join(beside, deb), beside]);
    rmSync(cache, { recursive: true, force: true });
    renameSync(beside, cache);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
  return cache;
}

/** busybox of Debian's busybox-static (fetched once, unpacked, not installed) with the overlay of an image on top. */
export async function layOutRoot(root: string, cmdline: string): Promise<void> {
  const cache = await (unpacked ??= unpackBusybox());
  for (const directory of ['bin', 'proc', 'sys', 'dev', 'etc', 'tmp', 'var/run', 'usr/share', 'usr/bin'])
    mkdirSync(join(root, directory), { recursive: true });
  cpSync(join(cache, 'bin/busybox'), join(root, 'bin/busybox'));
  await tool(['chroot', root, '/bin/busybox', '--install', '-s', '/bin']);
  cpSync(join(PROJECT, 'tinycore/overlay/all'), root, { recursive: true });
  writeFileSync(join(root, 'cmdline'), `${cmdline}\n`);
  writeFileSync(join(root, 'etc/resolv.conf'), '');
}

export interface NodeShell {
  /** Runs a command on the node; its standard output. */
  sh(command: string): Promise<string>;
  /** Waits until a command prints what matches. */
  until(command: string, pattern: RegExp, timeoutMs?: number): Promise<string>;
}

/** Starts a shell in the namespace, in a mount namespace of its own, after the commands of `into`, the last of which is the shell. */
export async function openShell(client: Namespace, into: readonly string[]): Promise<NodeShell> {
  let printed = '';
  const shell = await client.start(['unshare', '--mount', '--uts', 'sh', '-c', into.join(' && ')], {
    onLine: (line) => (printed += `${line}\n`),
  });
  let ended = false;
  void shell.exited.then(() => (ended = true));
  let count = 0;
  let last: Promise<unknown> = Promise.resolve();
  const one = async (command: string): Promise<string> => {
    const mark = `--end ${(count += 1)}--`;
    printed = '';
    shell.write(`${command}\necho '${mark}'\n`);
    for (const end = performance.now() + 20_000; !printed.includes(mark); await sleep(20))
      if (ended || performance.now() > end) throw new Error(`${command} did not end: ${printed}`);
    return printed.slice(0, printed.indexOf(mark));
  };
  // one at a time
  const sh = (command: string): Promise<string> => {
    const mine = last.then(() => one(command));
    last = mine.catch(() => undefined);
    return mine;
  };
  return {
    sh,
    async until(command, pattern, timeoutMs = 30_000) {
      let said = '';
      for (const end = performance.now() + timeoutMs; performance.now() < end; await sleep(200)) {
        said = await sh(command);
        if (pattern.test(said)) return said;
      }
      throw new Error(`${command} never printed ${String(pattern)}, but: ${said}`);
    },
  };
}
