/** What ipmitool answered, kept between the gatherings of one agent. */

export type BmcQuestion = 'mc info' | 'lan print' | 'fru print';

/** The fields of each answer by ipmitool's names; a question that was not answered is absent. */
export type BmcAnswers = Partial<Record<BmcQuestion, ReadonlyMap<string, string>>>;

/** Changed in place by the group that asks. */
export interface BmcMemory {
  answers: BmcAnswers;
  /** performance.now() of the asking. */
  askedAt: number;
}

/** Nothing asked yet. */
export function createBmcMemory(): BmcMemory {
  return { answers: {}, askedAt: -Infinity };
}
