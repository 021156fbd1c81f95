/** How much memory a machine needs to be registered, found by halving. */
import type { LabProcess } from '../../lab/vm/site-lab.ts';
import type { Site } from '../../lab/vm/site.ts';
import type { Machine } from '../../lab/vm/machine.ts';

/** What a machine without enough memory says on its console: ours of a half initrd, the kernel's of no memory at all. */
export const WHY_NOT = /INITRD WAS ONLY PARTLY UNPACKED|[Oo]ut of memory|deadlocked on memory|Not enough memory/;

/** What one with a little too little says: it goes on, and may make it. */
const TOO_LITTLE = /this machine has \d+ MiB of memory .* and the image needs \d+ MiB/;

export interface Trial {
  readonly mib: number;
  readonly registered: boolean;
  /** The line of the console that says why it was not, or undefined where none does. */
  readonly why: string | undefined;
}

export interface MemorySearch {
  readonly site: Site;
  readonly lab: LabProcess;
  /** Powers a machine on, whose one network card is given. */
  readonly powerOn: (name: string, mib: number, nic: { mac: string; tap: string }) => Promise<Machine>;
  /** MiB with which it does not, and with which it does; both are looked at. */
  readonly low: number;
  readonly high: number;
  /** MiB between two trials at the end. */
  readonly step: number;
  readonly timeoutMs: number;
  readonly onTrial: (trial: Trial) => void;
}

/** The smallest memory, and every trial on the way. Throws when `high` is not enough, or `low` already is. */
export async function smallestMemory(search: MemorySearch): Promise<{ mib: number; trials: readonly Trial[] }> {
  const trials: Trial[] = [];
  const attempt = async (mib: number): Promise<boolean> => {
    const trial = await tryMemory(search, mib);
    search.onTrial(trial);
    trials.push(trial);
    return trial.registered;
  };
  let { low, high } = search;
  if (!(await attempt(high))) throw new Error(`${high} MiB should be enough, and are not`);
  if (await attempt(low)) throw new Error(`${low} MiB should not be enough, and are`);
  while (high - low > search.step) {
    const middle = low + Math.ceil((high - low) / search.step / 2) * search.step;
    if (await attempt(middle)) high = middle;
    else low = middle;
  }
  return { mib: high, trials };
}

async function tryMemory(search: MemorySearch, mib: number): Promise<Trial> {
  const { site, lab, timeoutMs } = search;
  const hex = mib.toString(16).padStart(4, '0');
  const mac = `52:54:00:52:${hex.slice(0, 2)}:${hex.slice(2)}`;
  const tap = `mem${mib}`;
  await site.lan.addTap(tap);
  const machine = await search.powerOn(`mem${mib}`, mib, { mac, tap });
  const id = mac.replaceAll(':', '').toUpperCase();
  const ended = new AbortController();
  try {
    const registered = lab
      .waitFor(
        `${mib} MiB: registered`,
        (event) => event.type === 'registered' && JSON.stringify(event.details?.['hwIds'] ?? []).includes(id),
        timeoutMs,
      )
      .then(
        () => true,
        () => false,
      );
    const refused = said(machine, WHY_NOT, ended.signal);
    const done = await Promise.race([registered, refused, machine.exited.then(() => false)]);
    const lines = (await machine.console()).split('\n');
    const line = lines.find((each) => WHY_NOT.test(each)) ?? lines.find((each) => TOO_LITTLE.test(each));
    return { mib, registered: done === true, why: line?.trim() };
  } finally {
    ended.abort();
    await machine.stop();
  }
}

/** Resolves with false when the console has shown the pattern for ten seconds and nothing better came; never otherwise. */
async function said(machine: Machine, pattern: RegExp, signal: AbortSignal): Promise<false | undefined> {
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  while (!signal.aborted) {
    if (pattern.test(await machine.console())) {
      await pause(10_000);
      return false;
    }
    await pause(500);
  }
  return undefined;
}
