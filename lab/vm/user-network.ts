/**
 * A site without a namespace of its own, where those are not allowed: the lab listens on this machine's loopback, and
 * every machine has QEMU's user networking, which has a DHCP and TFTP server of its own and no way between machines.
 */
import { startDaemon, type Daemon } from '../../platform/process/daemon.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { run } from '../../platform/process/run.ts';
import type { Namespace } from './namespace.ts';
import type { Segment } from './segment.ts';

/** Where a machine on QEMU's user networking finds the loopback of the machine that it runs on. */
const USER_GATEWAY = '10.0.2.2';

/** What is not as in a namespace, for people. */
export const USER_NETWORK_LOSES: readonly string[] = [
  'DHCP and TFTP are QEMU’s own: their moments are not on the timeline, and there are no DNS names',
  'every machine is alone in a network of its own; none sees another',
  'UEFI machines boot by the iPXE of their card, not by the firmware’s own PXE client',
  'the lab takes its usual ports (8025, 8026, 8027, 8150) on this machine’s loopback; other programs here can reach them',
];

/** Programs run as they are; each dies with this process. */
export function noNamespace(): Namespace {
  const daemons: Daemon[] = [];
  return {
    pid: process.pid,
    inside: ([...argv]) => argv as [string, ...string[]],
    async must(argv) {
      const result = await run(argv, { timeoutMs: 30_000 });
      if (result.status === 0) return result;
      const why = result.stderr.toString().trim() || result.failure || `status ${String(result.status)}`;
      throw new RazorMkError('RAZOR_MK_RUN', `${argv.join(' ')}: ${why}`);
    },
    async start(argv, options) {
      const daemon = await startDaemon(['setpriv', '--pdeathsig', 'KILL', '--', ...argv], options);
      daemons.push(daemon);
      return daemon;
    },
    async close() {
      await Promise.all(daemons.map((daemon) => daemon.stop()));
    },
  };
}

/** A segment of QEMU's own making. */
export interface UserSegment extends Segment {
  /** What `startDhcp` named as TFTP root. */
  tftpRoot(): string | undefined;
}

/** The network that QEMU makes: nothing to set up. What `startDhcp` names as TFTP root is asked for by `tftpRoot`. */
export function userSegment(): UserSegment {
  let root: string | undefined;
  return {
    bridge: '',
    address: USER_GATEWAY,
    addTap: () => Promise.resolve(),
    startDhcp(dhcp) {
      root = dhcp.tftpRoot;
      return Promise.resolve();
    },
    stopDhcp: () => Promise.resolve(),
    tftpRoot: () => root,
  };
}
