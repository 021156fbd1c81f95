/** Rules of tags of the Razor family, opened for `facts --tags`. */
import type { OpenedRules } from '../../facts/cli/extras.ts';
import type { FactSet } from '../../facts/fact-types.ts';
import { readTagRules } from '../../platform/rules/read-rules.ts';
import { SYSTEM_RULES } from '../../platform/rules/tags.ts';
import { explainRules, explainTag, type RuledMachine } from '../../platform/rules/why-not.ts';
import type { ServerRules } from './server.ts';

interface Family {
  readonly server: string;
  /** Facts in the form in which the server's rules see them; as they are by default. */
  readonly form?: (set: FactSet, values: Readonly<Record<string, string>>) => Readonly<Record<string, unknown>>;
  /** Tags that need no rule. */
  readonly otherTags?: (set: FactSet) => readonly string[];
  /** Which language the server reads: that of its rules, or of matchers. */
  readonly language: 'matchers' | 'expressions';
}

/** The rules of one server of the family. A list that has a rule in the other language is the other server's. */
export function tagRulesOf({ server, form, otherTags, language }: Family): ServerRules {
  const builtIn = language === 'matchers' ? SYSTEM_RULES : [];
  return {
    open(text): OpenedRules | undefined {
      const rules = text === undefined ? [] : readTagRules(text);
      if (rules === undefined) return undefined;
      const expressions = rules.some(({ rule }) => rule !== undefined);
      if (text !== undefined && expressions !== (language === 'expressions')) return undefined;
      const machine = (set: FactSet, values: Readonly<Record<string, string>>): RuledMachine => ({
        facts: form?.(set, values) ?? values,
        rules,
        builtIn,
        otherTags: otherTags?.(set) ?? [],
      });
      return {
        server,
        count: rules.length + builtIn.length,
        explain: (set, values) => explainRules(machine(set, values)),
        explainTag: (set, values, tag) => explainTag(machine(set, values), tag),
      };
    },
  };
}
