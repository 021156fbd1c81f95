/** The arithmetic of bench:boot: where each phase of a boot begins, medians, and the table. */
import type { Moment } from '../../lab/vm/timeline/timeline.ts';
import type { Row } from './boot.ts';

/** Phases in order; each ends where the next one begins, the last at `registered`. */
export const PHASES = ['firmware', 'load', 'kernel', 'base', 'agent', 'register'] as const;
export type PhaseName = (typeof PHASES)[number];

/** Milliseconds. */
export interface Lap {
  /** Firmware and iPXE, loading kernel and initrd, kernel with unpacking, the base until the agent's exec, exec to check-in, then. */
  readonly phases: Readonly<Record<PhaseName, number>>;
  readonly checkin: number;
  readonly registered: number;
}

/** The phases of one machine's moments. Throws when a moment is missing, with its name. */
export function boundaries(moments: readonly Moment[]): Lap {
  const at = (what: string, matches: (moment: Moment) => boolean): number => {
    const moment = moments.find(matches);
    if (moment === undefined) throw new Error(`the timeline has no ${what}`);
    return moment.at;
  };
  const script = at('question to the boot API', (moment) => moment.phase === 'boot API');
  const kernel = at('start of the kernel', (moment) => moment.phase === 'kernel');
  const init = at('init', (moment) => moment.phase === 'init');
  const exec = at('start of the agent', (moment) => moment.text === 'the agent is started');
  const checkin = at('check-in', (moment) => moment.phase === 'check-in');
  const registered = at('register', (moment) => moment.phase === 'register');
  const phases = {
    firmware: script,
    load: kernel - script,
    kernel: init - kernel,
    base: exec - init,
    agent: checkin - exec,
    register: registered - checkin,
  };
  return { phases, checkin, registered };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** The median of each figure by itself: the phases need not add up to the last one. */
export function medians(laps: readonly Lap[]): Lap {
  const of = (pick: (lap: Lap) => number): number => median(laps.map(pick));
  const phases = Object.fromEntries(PHASES.map((name) => [name, of((lap) => lap.phases[name])]));
  return {
    phases: phases as Record<PhaseName, number>,
    checkin: of((lap) => lap.checkin),
    registered: of((lap) => lap.registered),
  };
}

const HEAD = ['form', 'firmware', 'initrd MB', 'needs MiB', 'least -m', 'check-in s', 'registered s'] as const;

export function table(rows: readonly Row[], runs: number): string {
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  const lines = rows.map((row) => [
    row.form,
    row.firmware,
    row.initrdMB.toFixed(1),
    String(row.needsMiB),
    row.foundMiB === undefined ? '-' : String(row.foundMiB),
    seconds(row.checkin),
    seconds(row.registered),
    ...PHASES.map((name) => `${seconds(row.phases[name])} ${Math.round((row.phases[name] / row.registered) * 100)}%`),
  ]);
  const all: readonly (readonly string[])[] = [[...HEAD, ...PHASES], ...lines];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0))) ?? [];
  const text = all.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const what = runs === 1 ? 'one boot each' : `medians of ${runs} boots each`;
  return `${text.join('\n')}\n${what}, seconds from power-on, each phase with its share; agent is exec to first check-in\n`;
}
