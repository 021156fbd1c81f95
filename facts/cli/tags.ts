/** `facts --tags`: which tags a server would give this machine, and why not the others, without a server. */
import { RazorMkError } from '../../platform/errors/errors.ts';
import { readCapped } from '../../platform/files.ts';
import type { Host } from '../../platform/process/verb.ts';
import { failingTests, testsOf } from '../../platform/rules/condition.ts';
import { originText } from '../../platform/rules/fact-origins.ts';
import { changeText, ruleLines, shownValue, tagLines } from '../../platform/rules/verdict-words.ts';
import type { RuleOutcome } from '../../platform/rules/why-not.ts';
import { compileExclusion } from '../exclude.ts';
import type { FactSet } from '../fact-types.ts';
import { factValues } from '../values.ts';
import type { FactsExtras, OpenedRules } from './extras.ts';

const LARGEST_FILE = 16 * 1024 * 1024;

interface TagsArgs {
  readonly rules: string | undefined;
  readonly dialect: string | undefined;
  /** Tags that were asked for by name. */
  readonly names: readonly string[];
  readonly json: boolean;
  /** The pattern of facts that are not sent. */
  readonly exclude: string;
}

/** Prints it. The exit status is 1 where a tag that was asked for is lacking. */
export async function printTags(set: FactSet, args: TagsArgs, extras: FactsExtras, host: Host): Promise<number> {
  const opened = await extras.openRules(await textOfRules(args.rules), args.dialect);
  const values = factValues(set, compileExclusion(args.exclude));
  const from = (fact: string): string | undefined => whereFrom(set, values, fact);
  if (args.names.length > 0) return named(opened, set, values, { ...args, from }, host);
  const outcomes = opened.explain(set, values);
  if (args.json) {
    host.out(
      `${JSON.stringify(
        outcomes.map((outcome) => dataOf(outcome, from)),
        null,
        host.interactive ? 2 : undefined,
      )}\n`,
    );
    return 0;
  }
  const given = outcomes.filter(({ holds }) => holds);
  host.out(`${opened.server}: ${given.length} of ${opened.count} rules hold for this machine\n`);
  for (const outcome of given) host.out(`+ ${outcome.tag}: ${foundText(outcome, from)} (rule ${outcome.rule})\n`);
  for (const outcome of outcomes.filter(({ holds }) => !holds)) {
    const [first, ...others] = ruleLines(outcome, from);
    host.out(`- ${outcome.tag}: ${first ?? ''}\n${others.map((line) => `    ${line}\n`).join('')}`);
  }
  return 0;
}

async function textOfRules(path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  const bytes = await readCapped(path, LARGEST_FILE);
  if (bytes === undefined) throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `there is no file ${path}`);
  return bytes.toString('utf8');
}

/** Where a fact was read, or why it is not there for the server. */
function whereFrom(set: FactSet, values: Readonly<Record<string, string>>, name: string): string | undefined {
  const fact = set.facts.get(name);
  if (fact === undefined) return originText(name) ?? (name.includes('.') ? 'the structured facts' : undefined);
  return Object.hasOwn(values, name)
    ? fact.sources[0]
    : `${fact.sources[0] ?? ''}, but it is kept back, so the server does not see it`;
}

type From = (fact: string) => string | undefined;

/** The tags that were asked for by name. */
function named(
  opened: OpenedRules,
  set: FactSet,
  values: Readonly<Record<string, string>>,
  { names, json, from }: TagsArgs & { readonly from: From },
  host: Host,
): number {
  const given = new Set(opened.explain(set, values).flatMap(({ holds, tag }) => (holds ? [tag] : [])));
  let lacking = 0;
  for (const tag of names) {
    const verdict = opened.explainTag(set, values, tag);
    const has = given.has(tag);
    if (!has) lacking += 1;
    if (json) {
      const rules = verdict.rules.map((rule) => dataOf({ ...rule, tag, holds: has }, from));
      host.out(`${JSON.stringify({ tag, has, near: verdict.near, rules })}\n`);
    } else if (has) host.out(`has ${tag} (rule ${verdict.rules[0]?.rule ?? 'none'})\n`);
    else
      host.out(
        tagLines(verdict, from)
          .map((line) => `${line}\n`)
          .join(''),
      );
  }
  return lacking === 0 ? 0 : 1;
}

function foundText({ condition }: RuleOutcome, from: From): string {
  const texts = testsOf(condition)
    .filter(({ holds }) => holds)
    .map(({ fact, found, wants }) => {
      const source = from(fact);
      return `${fact} is ${shownValue(found)}, ${wants}${source === undefined ? '' : `, from ${source}`}`;
    });
  return [...new Set(texts)].join('; ');
}

function dataOf({ tag, rule, holds, condition, change }: RuleOutcome, from: From): Record<string, unknown> {
  return {
    tag,
    rule,
    holds,
    because: (holds ? testsOf(condition) : failingTests(condition)).map(({ fact, found, wants }) => ({
      fact,
      value: found ?? null,
      wants,
      from: from(fact) ?? null,
    })),
    ...(!holds && { change: change === undefined ? null : changeText(change) }),
  };
}
