/**
 * The disk exported by tgtd, the target in user space: no kernel module is needed
 * (docs/contracts/ironic-2014.md#iscsi-targets). Ready means that it listens and that the exported size is the disk's.
 * tgtd ignores SIGTERM; it is ended by its own command, then by SIGKILL.
 */
import type { Clock } from '../../../../platform/time/clock.ts';
import { startDaemon, type Daemon } from '../../../../platform/process/daemon.ts';
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import { run } from '../../../../platform/process/run.ts';
import type { System } from '../../../../platform/system.ts';
import { listens, type Target, type TargetOptions } from './target.ts';

/** tgtd's control number; its socket is /var/run/tgtd/socket.NUMBER. The first from here on that no other tgtd answers on. */
const CONTROL = 41;

export interface TgtParts {
  readonly system: System;
  readonly clock: Clock;
  readonly control?: number;
  readonly signal?: AbortSignal;
}

/** Whether tgtd and tgtadm are there. */
export async function hasTgt(): Promise<boolean> {
  return (
    (await run(['tgtadm', '--version'])).failure === undefined &&
    (await run(['tgtd', '--version'])).failure === undefined
  );
}

/** Starts tgtd and exports the disk as LUN 1. Throws RAZOR_MK_DEPLOY; nothing is left exported then. Dry: nothing is started. */
export async function exportByTgt(options: TargetOptions, parts: TgtParts): Promise<Target> {
  const { system, clock } = parts;
  const control = parts.control ?? (system.live ? await freeControl() : CONTROL);
  const { iqn, disk, address, port } = options;
  const host = address.includes(':') ? `[${address}]` : address;
  let daemon: Daemon | undefined;
  let gone = false;
  const said: string[] = [];

  const admin = async (what: string, words: readonly string[], secret?: string): Promise<string> => {
    const argv = ['tgtadm', '-C', String(control), ...words] as [string, ...string[]];
    const result = await system.run(what, argv, { timeoutMs: 15_000 });
    if (result.status === 0) return result.stdout.toString();
    const said = result.stderr.toString().trim() || result.failure || `status ${String(result.status)}`;
    const safe = secret === undefined ? said : said.replaceAll(secret, '…');
    throw new RazorMkError('RAZOR_MK_DEPLOY', `Failed to start iscsi target. ${what}: ${safe}`);
  };
  const iscsi = (what: string, words: readonly string[], secret?: string): Promise<string> =>
    admin(what, ['--lld', 'iscsi', ...words], secret);
  const show = async (mode = 'target'): Promise<string> =>
    (await run(['tgtadm', '-C', String(control), '--lld', 'iscsi', '--mode', mode, '--op', 'show'])).stdout.toString();

  const target: Target = {
    kind: 'tgtd',
    sessions: async () => (daemon ? countSessions(await show()) : 0),
    async stop() {
      if (gone || (system.live && !daemon)) return;
      gone = true;
      await system.change(`stop exporting ${disk.path}`, stop);
    },
  };
  const stop = async (): Promise<void> => {
    const quiet = (words: readonly string[]): Promise<unknown> => run(['tgtadm', '-C', String(control), ...words]);
    await quiet(['--lld', 'iscsi', '--mode', 'target', '--op', 'unbind', '--tid', '1', '--initiator-address', 'ALL']);
    for (const { session, connection } of sessionIds(await show())) {
      await quiet([
        ...['--lld', 'iscsi', '--mode', 'conn', '--op', 'delete', '--tid', '1'],
        ...['--sid', session, '--cid', connection],
      ]);
    }
    await quiet(['--lld', 'iscsi', '--mode', 'target', '--op', 'delete', '--force', '--tid', '1']);
    await quiet(['--op', 'delete', '--mode', 'system']); // without --lld, or it is an "invalid request"
    await daemon?.stop(2000);
  };

  try {
    daemon = await system.change(`start tgtd for ${address}:${port}`, () =>
      startDaemon(['tgtd', '-f', '-C', String(control), '--iscsi', `portal=${host}:${port}`], {
        onLine: (line) => void said.push(line),
      }),
    );
    if (daemon) await untilReady(daemon, control, clock, said, parts.signal);
    await iscsi(`make the target ${iqn}`, ['--mode', 'target', '--op', 'new', '--tid', '1', '--targetname', iqn]);
    await iscsi(`export ${disk.path}`, [
      ...['--mode', 'logicalunit', '--op', 'new', '--tid', '1', '--lun', '1', '--backing-store', disk.path],
    ]);
    if (options.chap) {
      const { user, password } = options.chap;
      const account = ['--mode', 'account', '--op', 'new', '--user', user, '--password', password];
      await iscsi('make the CHAP account', account, password);
      await iscsi('bind the CHAP account', ['--mode', 'account', '--op', 'bind', '--tid', '1', '--user', user]);
    }
    for (const initiator of options.initiators) {
      await iscsi(`let ${initiator} log in`, [
        '--mode',
        'target',
        '--op',
        'bind',
        '--tid',
        '1',
        '--initiator-address',
        initiator,
      ]);
    }
    if (daemon) await verify(options, await show(), await show('portal'));
    return target;
  } catch (error) {
    await target.stop();
    throw error;
  }
}

/** Another tgtd of this machine must never be talked to, let alone stopped. */
async function freeControl(): Promise<number> {
  for (let number = CONTROL; number < CONTROL + 50; number++) {
    const words = ['--lld', 'iscsi', '--mode', 'target', '--op', 'show'];
    if ((await run(['tgtadm', '-C', String(number), ...words])).status !== 0) return number;
  }
  throw new RazorMkError('RAZOR_MK_DEPLOY', 'Failed to start iscsi target. Fifty of tgtd run already');
}

async function untilReady(
  daemon: Daemon,
  control: number,
  clock: Clock,
  said: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  let ended = false;
  void daemon.exited.then(() => (ended = true));
  for (let attempt = 0; attempt < 100; attempt++) {
    const result = await run(['tgtadm', '-C', String(control), '--lld', 'iscsi', '--mode', 'target', '--op', 'show']);
    if (result.status === 0) return;
    if (ended) break;
    await clock.sleep(100, signal);
  }
  const last = said.slice(-2).join('; ');
  throw new RazorMkError(
    'RAZOR_MK_DEPLOY',
    `Failed to start iscsi target. tgtd did not come up: ${last || 'it said nothing'}`,
  );
}

/** A tgtd without its port goes on running, also where somebody else has it, and it exports an empty path or a wrong size without a word. */
async function verify({ address, port, disk }: TargetOptions, shown: string, portals: string): Promise<void> {
  const host = address.includes(':') ? `[${address}]` : address;
  if (!portals.includes(`${host}:${port},`) || !(await listens(address, port))) {
    throw new RazorMkError('RAZOR_MK_DEPLOY', `Failed to start iscsi target. Nothing listens on ${address}:${port}`);
  }
  if (!shown.includes(`Backing store path: ${disk.path}\n`)) {
    throw new RazorMkError('RAZOR_MK_DEPLOY', `Failed to start iscsi target. ${disk.path} is not exported`);
  }
  const exported = exportedMegabytes(shown);
  if (exported === undefined || Math.abs(exported - disk.sizeBytes / 1e6) > 1 || disk.sizeBytes % 512 !== 0) {
    throw new RazorMkError(
      'RAZOR_MK_DEPLOY',
      `Failed to start iscsi target. ${exported ?? 0} MB are exported of a disk of ${disk.sizeBytes} bytes`,
    );
  }
}

/** Size of LUN 1 in whole megabytes (10^6), the only form in which tgtadm tells it. */
export function exportedMegabytes(shown: string): number | undefined {
  const match = /LUN: 1\n[\s\S]*?Size: (\d+) MB/.exec(shown);
  return match ? Number(match[1]) : undefined;
}

/** Sessions in the output of `--mode target --op show`: one `I_T nexus:` each. */
export function countSessions(shown: string): number {
  return [...shown.matchAll(/^\s+I_T nexus: \d+/gm)].length;
}

/** Session and connection numbers in that output. */
export function sessionIds(shown: string): { session: string; connection: string }[] {
  return [...shown.matchAll(/I_T nexus: (\d+)[\s\S]*?Connection: (\d+)/g)].map((match) => ({
    session: match[1] ?? '',
    connection: match[2] ?? '0',
  }));
}
