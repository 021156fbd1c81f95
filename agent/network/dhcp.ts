/**
 * The DHCP client of one NIC: busybox's udhcpc, as Tiny Core starts it (pid file /var/run/udhcpc.NIC.pid). Its script
 * writes resolv.conf and the next-server file.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../platform/time/clock.ts';
import type { Log } from '../../platform/log/log.ts';
import type { System } from '../../platform/system.ts';
import { isNicName } from '../kernel-line/ip-fields.ts';

export interface DhcpContext {
  readonly system: System;
  readonly log: Log;
  readonly clock: Clock;
  /** How udhcpc is called; `[udhcpc]` by default. */
  readonly udhcpc?: readonly [string, ...string[]];
  /** Scripts for -s, the first that exists; udhcpc's own default otherwise. */
  readonly scripts?: readonly string[];
  readonly pidDir?: string;
  /** The image's own starter of DHCP clients, which knows what to ask for; /etc/init.d/dhcp.sh by default. */
  readonly service?: string;
}

const SERVICE = '/etc/init.d/dhcp.sh';
const SCRIPTS = ['/usr/share/udhcpc/dhcp_mk_config.script', '/usr/share/udhcpc/default.script'];

/** Whether it is ours: Tiny Core's own file of that name takes no interface and would start them all. */
function isOurService(path: string): boolean {
  try {
    return readFileSync(path, 'utf8').slice(0, 1000).includes('dhcp.sh restart [CARD');
  } catch {
    return false;
  }
}

/** The pid of the udhcpc that serves a NIC, or undefined. A pid file of another program's pid does not count. */
export function dhcpClientPid(nic: string, pidDir = '/var/run'): number | undefined {
  try {
    const pid = Number(readFileSync(`${pidDir}/udhcpc.${nic}.pid`, 'utf8').trim());
    if (!Number.isInteger(pid) || pid < 2) return undefined;
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const program = argv.slice(0, 2).map((word) => word.split('/').at(-1));
    return program.includes('udhcpc') && argv.includes(nic) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the image's own script should have started a client on this NIC, and none runs. */
export function lacksDhcpClient(nic: string, context: Pick<DhcpContext, 'service' | 'pidDir'>): boolean {
  return isOurService(context.service ?? SERVICE) && dhcpClientPid(nic, context.pidDir) === undefined;
}

/** Starts the client of one NIC with the image's own script, which leaves one alone that runs. Never throws. */
export async function startDhcp(nic: string, context: DhcpContext): Promise<void> {
  if (!isNicName(nic)) return;
  const service = context.service ?? SERVICE;
  const result = await context.system.run(`start a DHCP client on ${nic}`, [service, nic], { timeoutMs: 60_000 });
  if (result.status === 0) return;
  const said = result.failure ?? result.stderr.toString().trim().slice(0, 200);
  context.log.warn(`${service} ${nic} failed: ${said}`);
}

/** The argv that starts udhcpc: it goes to the background by itself, with a lease or without, after 4 tries of 3 s. */
export function udhcpcArgv(
  nic: string,
  context: Pick<DhcpContext, 'udhcpc' | 'scripts' | 'pidDir'>,
  hostname = '',
): [string, ...string[]] {
  const script = (context.scripts ?? SCRIPTS).find((path) => existsSync(path));
  const [program, ...before] = context.udhcpc ?? ['udhcpc'];
  return [
    program,
    ...before,
    '-b',
    '-i',
    nic,
    '-p',
    `${context.pidDir ?? '/var/run'}/udhcpc.${nic}.pid`,
    '-t',
    '4',
    '-T',
    '3',
    '-A',
    '10',
    ...(hostname === '' ? [] : ['-x', `hostname:${hostname}`]),
    ...(script === undefined ? [] : ['-s', script]),
  ];
}

/**
 * Stops the client of one NIC and starts another: it sends a new DISCOVER at once, where the old one may sleep. Others are
 * not touched. Never throws; false when it could not be started.
 */
export async function restartDhcp(nic: string, context: DhcpContext, hostname = ''): Promise<boolean> {
  if (!isNicName(nic)) return false;
  const service = context.service ?? SERVICE;
  if (isOurService(service)) {
    const result = await context.system.run(`start the DHCP client of ${nic} anew`, [service, 'restart', nic], {
      timeoutMs: 60_000,
    });
    if (result.status === 0) return true;
    context.log.warn(
      `${service} restart ${nic} failed: ${result.failure ?? result.stderr.toString().trim().slice(0, 200)}`,
    );
  }
  const pid = dhcpClientPid(nic, context.pidDir);
  if (pid !== undefined) {
    await context.system.change(`stop the DHCP client of ${nic} (process ${pid})`, async () => {
      signal(pid, 'SIGTERM');
      for (let i = 0; i < 20 && signal(pid, 0); i++) await context.clock.sleep(100);
      signal(pid, 'SIGKILL');
    });
  }
  const result = await context.system.run(`start a DHCP client on ${nic}`, udhcpcArgv(nic, context, hostname), {
    timeoutMs: 30_000,
  });
  if (result.status === 0) return true;
  const said = result.stderr.toString().trim().split('\n').at(-1) ?? '';
  context.log.warn(
    result.failure === 'not-found'
      ? 'udhcpc is not installed: DHCP is left to whoever runs it here'
      : `udhcpc on ${nic} failed: ${said || (result.failure ?? `status ${result.status}`)}`,
  );
  return false;
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/**
 * What the script of the image keeps of leases, below the root: a directory for each card with one value a file, and `kernel-line`
 * for what that says (dhcp_mk_config.script, `cards`).
 */
export const LEASES = 'tmp/razor-mk-net';

/** A value of a card's lease, of one line; empty where there is none. `name` is that of its file: `host-name`, `ntp`. */
export function leaseValue(card: string, name: string, root = '/'): string {
  if (!isNicName(card)) return '';
  try {
    return (
      readFileSync(join(root, LEASES, card, name), 'utf8')
        .slice(0, 4096)
        .split('\n')[0]
        ?.trim() ?? ''
    );
  } catch {
    return '';
  }
}
