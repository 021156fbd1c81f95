/** The verb `facts identity`: every candidate id, the ones that identify nothing struck out, and what each dialect sends. */
import { defineVerb, type VerbModule } from '../../platform/process/verb.ts';
import { gather } from '../collect-facts.ts';
import { type IdentityCandidate, identityCandidates, unknownChoices } from '../identity/identity.ts';
import type { FactsExtras } from './extras.ts';
import { reportErrors } from './print.ts';
import { collectOptionsOf, identityChoiceOf, withSources } from './options.ts';

/** The verb, with what the caller knows of servers. */
export function identityVerb(extras: FactsExtras): VerbModule {
  return defineVerb({
    examples: [
      ['facts identity', 'by which id each kind of server knows this machine'],
      ['facts identity --identity-exclude eth1', 'and without that interface'],
    ],
    options: (yargs) => withSources(yargs).option('json', { type: 'boolean', default: false, describe: 'as JSON' }),
    run: async (args, host) => {
      const { set, sources } = await gather(await collectOptionsOf(args, host.signal));
      reportErrors(set, host);
      const choice = identityChoiceOf(args);
      for (const name of unknownChoices(sources, choice))
        host.err(`razor-mk: this machine has no interface ${name}: nothing is taken in or left out for it\n`);
      const candidates = identityCandidates(sources, choice);
      const ids = await extras.ids(set.identity);
      if (args.json) {
        host.out(`${JSON.stringify({ candidates, note: set.identity.note, ids })}\n`);
        return 0;
      }
      const width = Math.max(12, ...candidates.map(({ kind, from }) => `${kind} ${from}`.length));
      for (const one of candidates) {
        const label = `${one.kind} ${one.from}`.padEnd(width);
        host.out(`${label}  ${strike(one, host.colour)}${one.junk === undefined ? '' : `  (${one.junk})`}\n`);
      }
      if (set.identity.note !== undefined) host.out(`\n${set.identity.note}\n`);
      host.out('\n');
      for (const { dialect, id } of ids) host.out(`${dialect.padEnd(width)}  ${id}\n`);
      return 0;
    },
  });
}

function strike(candidate: IdentityCandidate, colour: boolean): string {
  if (candidate.junk === undefined) return candidate.value;
  return colour ? `\u001b[9m${candidate.value}\u001b[29m` : `~~${candidate.value}~~`;
}
