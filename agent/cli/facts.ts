/** The verb `facts`, with what the agent knows of servers: their built-in rules, the dialects' ids, what was sent last. */
import { factsVerb } from '../../facts/cli/facts-verb.ts';
import { DEFAULT_EXCLUSION } from '../../facts/default-exclusion.ts';
import type { Identity } from '../../facts/identity/identity-types.ts';
import { messageOf } from '../../platform/errors/errors.ts';
import type { DialectName } from '../servers/dialect.ts';
import { SERVER_RULES } from '../servers/server-rules.ts';

const DIALECTS: readonly DialectName[] = ['razor', 'hanlon', 'razor-server'];

/** The id that each dialect would send. No server is asked for it. */
async function ids(identity: Identity): Promise<{ dialect: string; id: string }[]> {
  const { createDialect } = await import('../servers/registry.ts');
  return DIALECTS.map((dialect) => {
    try {
      const options = { serverUrl: 'http://localhost', exchange: () => Promise.reject(new Error('no server')) };
      return { dialect, id: createDialect(dialect, options).nodeId(identity) };
    } catch (error) {
      return { dialect, id: `none: ${messageOf(error)}` };
    }
  });
}

export const verb = factsVerb({
  rules: SERVER_RULES,
  ids,
  exclusion: async (stateDir) => {
    const pushed = (await (await import('../state/state-store.ts')).openStore(stateDir)).config?.[
      'mk_fact_excl_pattern'
    ];
    return typeof pushed === 'string' ? pushed : DEFAULT_EXCLUSION;
  },
  previousFacts: async (stateDir) =>
    (await (await import('../state/state-store.ts')).openStore(stateDir)).previousFacts,
});
