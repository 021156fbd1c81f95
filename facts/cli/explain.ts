/** The verb `facts explain NAME`: where a fact comes from, who hides it and who uses it. */
import { defineVerb, type VerbModule } from '../../platform/process/verb.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { originOf, type FactOrigin } from '../../platform/rules/fact-origins.ts';
import { gather } from '../collect-facts.ts';
import { compileExclusion } from '../exclude.ts';
import type { Fact } from '../fact-types.ts';
import { isVolatileName } from '../values.ts';
import type { Sources } from '../sources/sources.ts';
import type { FactsExtras } from './extras.ts';
import { reportErrors } from './print.ts';
import { absenceOf, factNames } from './select.ts';
import { collectOptionsOf, withSources } from './options.ts';

/** The verb, with what the caller knows of servers. */
export function explainVerb(extras: FactsExtras): VerbModule {
  return defineVerb({
    usage: '<name..>',
    examples: [
      ['facts explain memorysize', 'its file, its raw text, whether it is sent, and who uses it'],
      ['facts explain serialnumber uuid --from machine.tar.gz', 'of a recorded machine'],
    ],
    options: (yargs) =>
      withSources(yargs)
        .positional('name', { type: 'string', array: true, demandOption: true, describe: 'names of facts' })
        .option('exclude', { type: 'string', describe: 'the pattern to look at; the one in force by default' })
        .option('state-dir', {
          type: 'string',
          default: '/tmp',
          describe: 'where the agent keeps what a server pushed',
        })
        .option('json', { type: 'boolean', default: false, describe: 'as JSON' }),
    complete: async ({ option }, host) => (option === undefined ? await factNames(host) : []),
    run: async (args, host) => {
      const { set, sources } = await gather(await collectOptionsOf(args, host.signal));
      reportErrors(set, host);
      const pattern = args.exclude ?? (await extras.exclusion(args['state-dir']));
      for (const name of args.name) {
        const fact = set.facts.get(name);
        if (fact === undefined) {
          const origin = originOf(name);
          if (origin === undefined) throw new RazorMkError('RAZOR_MK_NO_FACT', absenceOf(name, set.facts.keys()));
          host.out(
            args.json
              ? `${JSON.stringify({ name, absent: origin.absent, from: origin.from })}\n`
              : explainAbsent(name, origin, sources),
          );
          continue;
        }
        const hidden = hidingPart(pattern, name);
        const rules = extras.rules.filter((rule) => rule.facts.test(name));
        if (args.json)
          host.out(
            `${JSON.stringify({ ...fact, hiddenBy: hidden, rules: rules.map(({ server, rule }) => ({ server, rule })) })}\n`,
          );
        else host.out(explainFact(fact, hidden, rules));
      }
      return 0;
    },
  });
}

/** The alternative of a pattern that matches a name, or the whole pattern; undefined where nothing does. */
function hidingPart(pattern: string, name: string): string | undefined {
  if (!compileExclusion(pattern).excludes(name)) return undefined;
  for (const part of alternatives(pattern)) {
    try {
      if (compileExclusion(part).excludes(name)) return part;
    } catch {
      // a piece that cannot stand alone
    }
  }
  return pattern;
}

/** The alternatives at the top level of a pattern. */
function alternatives(pattern: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < pattern.length; i += 1) {
    const c = pattern[i];
    if (c === '\\') i += 1;
    else if (c === '(' || c === '[') depth += 1;
    else if (c === ')' || c === ']') depth -= 1;
    else if (c === '|' && depth === 0) {
      parts.push(pattern.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, pattern.slice(start)];
}

/** Why a fact of the catalogue is absent: the rule, then what was found of the files that it is read from. */
function explainAbsent(name: string, { absent, from }: FactOrigin, sources: Sources): string {
  const here = sources.kind === 'capture' ? 'in the capture' : 'here';
  const looked = from.map((path) => {
    if (path.startsWith('(')) return path.slice(1, -1);
    return `${path}${sources.exists(path) ? '' : `, which is not ${here}`}`;
  });
  const lines = [
    `  absent   ${absent}`,
    ...looked.map((text, i) => `  ${(i === 0 ? 'source' : '').padEnd(8)} ${text}`),
  ];
  return `${name}\n${lines.join('\n')}\n`;
}

function explainFact(fact: Fact, hidden: string | undefined, rules: FactsExtras['rules']): string {
  const lines: [string, string][] = [
    ['value', fact.value],
    ['group', `${fact.group}${fact.durationMs === undefined ? '' : `, ${fact.durationMs.toFixed(1)} ms`}`],
    ...fact.sources.map((source, i): [string, string] => [i === 0 ? 'source' : '', source]),
  ];
  if (fact.raw !== undefined) lines.push(['raw', fact.raw]);
  if (fact.volatile === true || isVolatileName(fact.name))
    lines.push(['changes', 'by itself: never counts as a change']);
  lines.push(['sent', hidden === undefined ? 'yes' : `no: kept back by ${hidden}`]);
  for (const [i, rule] of rules.entries()) lines.push([i === 0 ? 'used by' : '', `${rule.server}: ${rule.rule}`]);
  return `${fact.name}\n${lines.map(([label, text]) => `  ${label.padEnd(8)} ${text}\n`).join('')}`;
}
