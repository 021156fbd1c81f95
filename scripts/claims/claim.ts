/** What a claim is: something that the documentation promises, and the command that shows it. */

export interface Claim {
  /** Short name, for --only and --done. */
  readonly id: string;
  readonly area: string;
  /** What the command must show, in words. */
  readonly says: string;
  /** The command line as a person would type it in a fresh clone (run by bash with pipefail). */
  readonly command: string;
  /** Limit; a claim that takes longer fails. */
  readonly minutes: number;
  /** Programs that must be there, or `root`; otherwise the claim is skipped with that reason. */
  readonly needs?: readonly string[];
  /** Looks at the output when the exit status was 0: why it does not hold, or undefined. */
  readonly check?: (output: string) => string | undefined;
}

/** A check that wants each of the patterns in the output. */
export function shows(...patterns: readonly RegExp[]): (output: string) => string | undefined {
  return (output) => {
    const missing = patterns.find((pattern) => !pattern.test(output));
    return missing === undefined ? undefined : `${String(missing)} is not in the output`;
  };
}
