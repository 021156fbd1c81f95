/** Verdicts in words: the same sentences at a shell, in a verb of the lab and on its page. */
import { failingTests, type FactChange, type FactTest } from './condition.ts';
import { originText } from './fact-origins.ts';
import type { PolicyVerdict, RuleVerdict, TagVerdict } from './why-not.ts';

const LONGEST_VALUE = 80;

/** A value as it is shown in a sentence. */
export function shownValue(value: unknown): string {
  if (value === undefined) return 'absent';
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

/** `mk_hw_nic_count is "1", wants: reads "2", from /sys/class/net`. `from` is where the fact was really read, if known. */
export function testText({ fact, found, wants }: FactTest, from: string | undefined = originText(fact)): string {
  return `${fact} is ${shownValue(found)}; wanted: ${wants}${from === undefined ? '' : `; from ${from}`}`;
}

/** `mk_hw_nic_count = "2"`; without a known value what it has to be. */
export function changeText(changes: readonly FactChange[]): string {
  return changes
    .map(({ fact, to, wants }) => (to === undefined ? `${fact}: ${wants}` : `${fact} = ${shownValue(to)}`))
    .join(' and ');
}

/** Why one rule does not give its tag, a line a fact, and what it would take. */
export function ruleLines(
  { rule, condition, change }: RuleVerdict,
  from?: (fact: string) => string | undefined,
): string[] {
  const failing = failingTests(condition).map(
    (test) => `${testText(test, from?.(test.fact) ?? originText(test.fact))}`,
  );
  const take = change === undefined ? 'nothing: its conditions contradict each other' : changeText(change);
  return [...failing.map((text) => `${text} (rule ${rule})`), `it would take: ${take}`];
}

/** Why a machine lacks a tag: a headline and what stands below it. */
export function tagLines(verdict: TagVerdict, from?: (fact: string) => string | undefined): string[] {
  const { tag, rules, near } = verdict;
  if (rules.length === 0) {
    return [`lacks ${tag}: no rule gives it${near.length === 0 ? '' : `; did you mean ${near.join(', ')}?`}`];
  }
  const [first, ...others] = rules.flatMap((rule) => ruleLines(rule, from));
  return [`lacks ${tag}: ${first ?? ''}`, ...others.map((line) => `  ${line}`)];
}

/** What a policy says about a machine, a line each. */
export function policyLines({ policy, obstacle, lacks, has }: PolicyVerdict): string[] {
  if (obstacle === undefined && lacks.length === 0) {
    return [`${policy} fits: ${has.length === 0 ? 'it asks for no tags' : `it has ${has.join(', ')}`}`];
  }
  const why = [...(obstacle === undefined ? [] : [obstacle]), ...lacks.flatMap((tag) => tagLines(tag))];
  return [`${policy} does not fit`, ...why.map((line) => `  ${line}`)];
}
