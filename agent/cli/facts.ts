/** The verb `facts`, with what the agent knows of servers: their built-in rules, the dialects' ids, what was sent last. */
import { dirname } from 'node:path';
import { factsVerb } from '../../facts/cli/facts-verb.ts';
import { DEFAULT_EXCLUSION } from '../../facts/default-exclusion.ts';
import type { Identity } from '../../facts/identity/identity-types.ts';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import type { FactsExtras, OpenedRules, ServerRule } from '../../facts/cli/extras.ts';
import type { FactSet } from '../../facts/fact-types.ts';
import { parseCommandLine } from '../../platform/kernel-line.ts';
import { factsOf } from '../servers/node-report.ts';
import { SERVERS } from '../servers/registry.ts';
import { exclusionOf } from '../state/exclusion.ts';
import { selectServer } from '../servers/select-server.ts';

/** The servers' rules; one that two servers share is named once, with both. */
function serverRules(): readonly ServerRule[] {
  const rules = SERVERS.flatMap(({ factRules = [] }) => factRules);
  return [...new Set(rules)].map((shared) => {
    const servers = SERVERS.filter(({ factRules }) => factRules?.includes(shared));
    return { ...shared, server: servers.map(({ title }) => title).join(', ') };
  });
}

/** The id that a check-in would send to each kind of server. No server is asked for it. */
async function ids(identity: Identity): Promise<{ dialect: string; id: string }[]> {
  const options = {
    serverUrl: 'http://localhost',
    exchange: () => Promise.reject(new Error('no server')),
    kernel: parseCommandLine(''),
  };
  const asked = SERVERS.filter(({ turns }) => turns?.asksServer === true);
  return await Promise.all(
    asked.map(async ({ name: dialect, openDialect }) => {
      try {
        return { dialect, id: (await openDialect?.(options))?.nodeId(identity) ?? 'none' };
      } catch (error) {
        return { dialect, id: `none: ${messageOf(error)}` };
      }
    }),
  );
}

/** What the rules of a site may miss, for each kind of server that has such rules. */
async function missing(set: FactSet): Promise<Awaited<ReturnType<FactsExtras['missing']>>> {
  const asked = SERVERS.map(async ({ title, wantedFacts, turns }) => {
    if (wantedFacts === undefined) return [];
    const names = await wantedFacts.missing(factsOf({ turns }, set, exclusionOf('', { turns })));
    if (names.length === 0) return [];
    return [{ server: title, from: wantedFacts.from, names, remedy: wantedFacts.remedy }];
  });
  return (await Promise.all(asked)).flat();
}

/** The rules of a text by the server whose form they have; without a text those that the default server has by itself. */
async function openRules(text: string | undefined, dialect: string | undefined): Promise<OpenedRules> {
  const servers = dialect === undefined ? SERVERS : [selectServer({ ...NOTHING, option: dialect }).descriptor];
  for (const { loadRules } of servers) {
    const opened = (await loadRules?.())?.open(text);
    if (opened !== undefined) return opened;
  }
  const whose = dialect === undefined ? 'no server’s' : `not ${dialect}’s`;
  throw new RazorMkError('RAZOR_MK_RULES', `these rules are in ${whose} form`);
}

/** What a choice of server looks at where only a name is given. */
const NOTHING = { configured: undefined, kernel: () => undefined, hasLeaseFile: () => false, servers: undefined };

async function runningStateDir(): Promise<string | undefined> {
  const { findSocket } = await import('../status/local-client.ts');
  return dirname(await findSocket(undefined));
}

export const verb = factsVerb({
  openRules,
  runningStateDir,
  rules: serverRules(),
  ids,
  missing,
  exclusion: async (stateDir) => {
    const pushed = (await (await import('../state/state-store.ts')).openStateStore(stateDir)).config?.[
      'mk_fact_excl_pattern'
    ];
    return typeof pushed === 'string' ? pushed : DEFAULT_EXCLUSION;
  },
  previousFacts: async (stateDir) =>
    (await (await import('../state/state-store.ts')).openStateStore(stateDir)).previousFacts,
});
