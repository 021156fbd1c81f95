/** What came of each step of a story against one server, in words. */

type Verdict = 'as the contract' | 'differs' | 'not tried';

export interface Outcome {
  readonly step: string;
  readonly verdict: Verdict;
  /** What was seen, what differs, or why it was not tried. */
  readonly text: string;
}

/** A step that cannot be tried here: the message says why. */
export class NotTried extends Error {}

export interface Step {
  /** As the table names it: `node lost`. */
  readonly name: string;
  /** Page and heading of what is expected: `docs/contracts/hanlon.md#register`. */
  readonly contract: string;
  /** Returns what was seen; throws `NotTried`, or an error whose message says what differs. */
  readonly act: () => Promise<string>;
}

/** Takes the steps in order. A step that differs does not stop the others. */
export async function play(steps: readonly Step[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const { name, contract, act } of steps) {
    try {
      outcomes.push({ step: name, verdict: 'as the contract', text: await act() });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (error instanceof NotTried) outcomes.push({ step: name, verdict: 'not tried', text });
      else outcomes.push({ step: name, verdict: 'differs', text: `${text} (${contract})` });
    }
  }
  return outcomes;
}

/** A table of one server's outcomes, as people read it. */
export function outcomeText(title: string, outcomes: readonly Outcome[]): string {
  const lines = outcomes.map(({ step, verdict, text }) => `  ${step.padEnd(20)} ${verdict.padEnd(16)} ${text}`);
  return `${title}\n${lines.join('\n')}\n`;
}
