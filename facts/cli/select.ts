/** Which facts a person asked for: names, beginnings of names, globs, and a pattern on name or value. */
import { RazorMkError } from '../../platform/errors/errors.ts';
import type { Host } from '../../platform/process/verb.ts';
import { didYouMean } from '../../platform/near-names.ts';
import { catalogueNames, originOf } from '../../platform/rules/fact-origins.ts';
import { compileRubyPattern } from '../../platform/ruby/ruby-pattern.ts';
import { collectFacts } from '../collect-facts.ts';
import { openSources } from '../sources/open.ts';

type Values = Readonly<Record<string, string>>;

interface Selection {
  readonly shown: Values;
  /** What was asked for and is not there, each with why. */
  readonly missing: readonly string[];
}

/** The facts of these words, in the order in which they were asked for; all of them without words. */
export function selectFacts(values: Values, words: readonly string[], match: string | undefined): Selection {
  const shown: Record<string, string> = {};
  const missing: string[] = [];
  const matches = match === undefined ? undefined : matcher(match);
  for (const name of words.length === 0 ? Object.keys(values) : words.flatMap(asked)) {
    if (matches?.(name, values[name] ?? '') ?? true) shown[name] = values[name] ?? '';
  }
  if (match !== undefined && Object.keys(shown).length === 0) missing.push(`no fact matches ${match}`);
  return { shown, missing };

  function asked(word: string): readonly string[] {
    if (Object.hasOwn(values, word)) return [word];
    const glob = globOf(word);
    const names = Object.keys(values).filter((name) => glob.test(name));
    if (names.length === 0) missing.push(absenceOf(word, Object.keys(values)));
    return names;
  }
}

/** Why there is no fact of this name, as a sentence: a fact of the catalogue is explained, another is likened to those that exist. */
export function absenceOf(name: string, names: Iterable<string>): string {
  const origin = originOf(name);
  if (origin !== undefined) return `this machine has no fact ${name}: ${origin.absent}`;
  const near = didYouMean(name, new Set([...names, ...catalogueNames()]));
  return `this machine has no fact ${name}${near}`;
}

/** `*` and `?` as the shell reads them; without them the beginning of a name. */
function globOf(word: string): RegExp {
  const escaped = word.replaceAll(/[\\^$.|+()[\]{}]/g, '\\$&');
  if (!/[*?]/.test(word)) return new RegExp(`^${escaped}`);
  return new RegExp(`^${escaped.replaceAll(/\*+/g, '.*').replaceAll('?', '.')}$`);
}

function matcher(pattern: string): (name: string, value: string) => boolean {
  try {
    const { test } = compileRubyPattern(`(?i)${pattern}`);
    return (name, value) => test(name) || test(value);
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_PATTERN', `--match: ${(error as Error).message}`);
  }
}

/** Names of facts, for the completion of shells: those of this machine and those of the catalogue. */
export async function factNames(host: Pick<Host, 'signal'>): Promise<readonly string[]> {
  const { facts } = await collectFacts({ sources: openSources(), signal: host.signal });
  return [...new Set([...facts.keys(), ...catalogueNames()])].sort();
}
