/** What the doctor looks at, in order, and the exit status that each stands for. */

export const CHECKS = [
  'driver',
  'firmware',
  'link',
  'lease',
  'route',
  'DNS',
  'server',
  'TCP',
  'TLS and clock',
  'HTTP',
  'reply',
] as const;

export type CheckName = (typeof CHECKS)[number];

export interface CheckResult {
  readonly name: CheckName;
  /** `note`: odd, and not in the way. */
  readonly state: 'ok' | 'note' | 'broken' | 'skipped';
  /** In words: what was seen. */
  readonly found: string;
  /** What to do; empty unless it is broken or odd. */
  readonly remedy: string;
}

/** The exit status of a broken check: 1 for the driver, 2 for firmware … 11 for the reply. Below 64, where sysexits begin. */
export function exitStatusOf(name: CheckName): number {
  return CHECKS.indexOf(name) + 1;
}

/** The first broken one, if any. */
export function firstBroken(results: readonly CheckResult[]): CheckResult | undefined {
  return results.find(({ state }) => state === 'broken');
}

const WIDTH = Math.max(...CHECKS.map((name) => name.length));

/** The results as people read them. Pure. */
export function renderResults(results: readonly CheckResult[]): string {
  const lines = results.map(({ name, state, found, remedy }) => {
    const [first = '', ...others] = found.split('\n');
    const below = others.map((text) => `\n${' '.repeat(WIDTH + 11)}${text.trim()}`).join('');
    const line = `${name.padEnd(WIDTH)}  ${(state === 'broken' ? 'BROKEN' : state).padEnd(7)}  ${first}${below}`;
    return remedy === '' ? line : `${line}\n${' '.repeat(WIDTH + 11)}-> ${remedy}`;
  });
  const broken = firstBroken(results);
  const end =
    broken === undefined
      ? 'Nothing is broken between this machine and its server.'
      : `The first thing that is broken: ${broken.name}. ${broken.found.split('\n')[0] ?? ''}\nWhat to do: ${broken.remedy}`;
  return `${lines.join('\n')}\n\n${end}\n`;
}
