/** The clock of a booted node: set once by the first NTP server that answers, in the background when none does at boot. */
import { isIP } from 'node:net';
import { messageOf } from '../../../platform/errors/errors.ts';
import { parseIpArguments } from '../../kernel-line/ip-argument.ts';
import type { Runtime } from '../../loop/runtime.ts';
import { askSntp, leaseNtpServers, stepClock } from '../../network/ntp.ts';
import { reportStep } from './boot-step.ts';

export interface ClockOptions {
  /** The kernel command line. */
  readonly cmdline: string;
  /** NTP servers of the settings; those of `ip=` come after them, then those of DHCP. */
  readonly ntp: readonly string[];
  readonly resolve: (name: string) => Promise<string | undefined>;
  readonly root?: string;
  readonly ntpPort?: number;
}

const RETRY_FIRST_MS = 10_000;
const RETRY_CAP_MS = 600_000;
const NAME = 'clock';

/** The step `clock`. Never throws; without an answer it resolves at once, and goes on asking until the signal is aborted. */
export async function setClock(runtime: Runtime, options: ClockOptions): Promise<void> {
  const servers = [...options.ntp, ...parseIpArguments(options.cmdline).ntpServers, ...leaseNtpServers(options.root)];
  if (servers.length === 0) return reportStep(runtime, NAME, 'skipped', 'no NTP server is named');
  reportStep(runtime, NAME, 'running');
  try {
    reportStep(runtime, NAME, 'done', await askServers(runtime, servers, options));
  } catch (error) {
    reportStep(runtime, NAME, 'failed', messageOf(error));
    runtime.log.warn(`${NAME}: ${messageOf(error)}; it is tried again in the background`);
    void keepAsking(runtime, servers, options);
  }
}

async function keepAsking(runtime: Runtime, servers: readonly string[], options: ClockOptions): Promise<void> {
  const { clock, signal } = runtime;
  for (let wait = RETRY_FIRST_MS; !signal.aborted; wait = Math.min(RETRY_CAP_MS, wait * 2)) {
    await clock.sleep(wait, signal).catch(() => undefined);
    if (signal.aborted) return;
    const done = await askServers(runtime, servers, options).catch(() => undefined);
    if (done !== undefined) return reportStep(runtime, NAME, 'done', done);
  }
}

/** Asks one after the other until one answers, and says how the clock was. Throws with what each of them said. */
async function askServers({ system }: Runtime, servers: readonly string[], options: ClockOptions): Promise<string> {
  const failures: string[] = [];
  for (const server of servers) {
    try {
      const address = isIP(server) !== 0 ? server : await options.resolve(server);
      if (address === undefined) throw new Error(`${server} has no address`);
      const answer = await askSntp(address, { port: options.ntpPort });
      const stepped = await stepClock(answer, system);
      const off = `${(answer.offsetMs / 1000).toFixed(3)} s`;
      return stepped ? `stepped by ${off}, as ${server} says` : `right within ${off}, says ${server}`;
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  throw new Error(failures.join('; '));
}
