/** What other programs say of facts of ours. */

/** One value of another program. */
export interface OtherValue {
  readonly fact: string;
  readonly theirs: string;
}

/** Everything that one program says; nothing where it is not installed or failed, with why. */
export interface ProgramReport {
  readonly name: string;
  readonly values: readonly OtherValue[];
  readonly missing?: string;
}
