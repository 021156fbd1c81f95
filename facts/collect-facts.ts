/** One gathering: every group in turn, each losing only itself when it fails. */
import { messageOf } from '../platform/errors/errors.ts';
import { collectExternal } from './external.ts';
import type { Fact, FactSet, ProbeError } from './fact-types.ts';
import { type Identity, type IdentityChoice, NO_CHOICE } from './identity/identity-types.ts';
import { GROUPS } from './groups/all-groups.ts';
import type { AddFact, Group } from './groups/group.ts';
import type { BmcMemory } from './groups/system/bmc-memory.ts';
import { readIdentity } from './identity/identity.ts';
import { readInventory } from './inventory/inventory.ts';
import { byCodeUnit } from './sources/filesystem.ts';
import type { Sources } from './sources/sources.ts';

export interface CollectOptions {
  readonly sources: Sources;
  /** How the mk_hw_* facts are made: from files (the default), or from lshw's and lscpu's output. */
  readonly hardware?: 'native' | 'lshw';
  /** Also what starts programs or takes long. */
  readonly all?: boolean;
  /** Directories with external facts. */
  readonly externalDirs?: readonly string[];
  /** Read them beside a capture or a tree too, after what a capture holds. */
  readonly externalAnywhere?: boolean;
  /** Environment of the programs in them. */
  readonly externalEnv?: Readonly<Record<string, string>>;
  /** Interfaces taken into the id, or left out, against the rules. */
  readonly identityChoice?: IdentityChoice;
  /** The management processor is asked too, by ipmitool, and its answers are kept here for some minutes. */
  readonly bmc?: BmcMemory;
  readonly signal?: AbortSignal;
}

export const LONGEST_NAME = 256;
const LONGEST_VALUE = 65_536;
const MOST_FACTS = 20_000;
/** Under which name a recording keeps the site's own facts. */
export const EXTERNAL_FACTS = 'external facts';

/** A fact's name as the microkernel sent it: without `!@#$%^&*()=+[]{}`, without control characters, bounded. */
function cleanName(name: string): string {
  // eslint-disable-next-line no-control-regex
  return name.replaceAll(/[!@#$%^&*()=+[\]{}\u0000-\u0020\u007f]/g, '').slice(0, LONGEST_NAME);
}

/** A fact's value: stripped, without NUL, bounded. */
function cleanValue(value: string): string {
  return value.replaceAll('\0', '').trim().toWellFormed().slice(0, LONGEST_VALUE);
}

/** The same with the blanks at its end. */
function cleanEnd(value: string): string {
  const text = cleanValue(value);
  return text === '' ? '' : text + (/[ \t]*$/.exec(value.replaceAll('\0', ''))?.[0] ?? '');
}

/** Gathers all facts of a machine. Never throws: a group that fails is named in `errors` and loses only its own facts. */
export async function collectFacts(options: CollectOptions): Promise<FactSet> {
  return (await gather(options)).set;
}

/** The same, with the sources as they were read: for captures, explanations and the inventory. */
export async function gather(options: CollectOptions): Promise<{ readonly set: FactSet; readonly sources: Sources }> {
  const started = performance.now();
  const sources = options.sources.fresh();
  const facts = new Map<string, Fact>();
  const errors: ProbeError[] = [];
  const groups: { name: string; durationMs: number; facts: number }[] = [];
  await readSlowFiles(sources, options, errors, groups);
  for (const group of GROUPS) {
    if (options.signal?.aborted === true) {
      errors.push({ group: group.name, message: 'stopped before it began' });
      continue;
    }
    const before = { at: performance.now(), facts: facts.size };
    await runGroup(group, sources, options, facts, errors);
    groups.push({ name: group.name, durationMs: performance.now() - before.at, facts: facts.size - before.facts });
  }
  await runExternal(options, sources, facts, errors);
  for (const { path, code } of sources.failures) {
    errors.push({ group: 'sources', message: `cannot read ${path}: ${code}`, source: path });
  }
  let identity: Identity;
  try {
    identity = readIdentity(sources, options.identityChoice);
  } catch (error) {
    errors.push({ group: 'identity', message: messageOf(error) });
    identity = { interfaces: [], uuid: undefined, serial: undefined, assetTag: undefined, note: messageOf(error) };
  }
  if (errors.length > 0) {
    const text = errors.map(({ group, message }) => `${group}: ${message}`).join('; ');
    facts.set('razor_mk_errors', {
      name: 'razor_mk_errors',
      value: text.slice(0, 2000),
      group: 'collect',
      sources: errors.flatMap((error) => error.source ?? []).slice(0, 20),
      volatile: true,
    });
  }
  const sorted = new Map([...facts.entries()].sort(([a], [b]) => byCodeUnit(a, b)));
  const set = {
    facts: sorted,
    identity,
    errors,
    groups,
    durationMs: performance.now() - started,
    inventory: () => readInventory(sources, options.identityChoice),
  };
  return { set, sources };
}

/** Files that a driver may answer slowly, of all groups at once: the time that each takes is waited for once. */
async function readSlowFiles(
  sources: Sources,
  { signal }: CollectOptions,
  errors: ProbeError[],
  groups: { name: string; durationMs: number; facts: number }[],
): Promise<void> {
  if (signal?.aborted === true) return;
  const started = performance.now();
  const paths: string[] = [];
  for (const { name, slow } of GROUPS) {
    try {
      paths.push(...(slow?.(sources) ?? []));
    } catch (error) {
      errors.push({ group: name, message: messageOf(error) });
    }
  }
  await sources.prefetch(paths);
  groups.push({ name: 'slow files', durationMs: performance.now() - started, facts: 0 });
}

async function runGroup(
  group: Group,
  sources: Sources,
  options: CollectOptions,
  facts: Map<string, Fact>,
  errors: ProbeError[],
): Promise<void> {
  const started = performance.now();
  const made: Fact[] = [];
  try {
    const get = (name: string): string | undefined => facts.get(name)?.value;
    const { signal, bmc } = options;
    const { hardware = 'native', identityChoice = NO_CHOICE } = options;
    const add = adderTo(made, group.name, facts);
    await group.collect({ sources, add, get, all: options.all === true, hardware, identityChoice, bmc, signal });
  } catch (error) {
    errors.push({ group: group.name, message: messageOf(error) });
  }
  const durationMs = performance.now() - started;
  for (const fact of made) facts.set(fact.name, { ...fact, durationMs });
}

function adderTo(made: Fact[], group: string, facts: ReadonlyMap<string, Fact>): AddFact {
  return (name, value, from, details = {}) => {
    if (value === undefined || value === null || facts.size + made.length >= MOST_FACTS) return;
    const text = details.exact === true ? cleanEnd(String(value)) : cleanValue(String(value));
    const clean = cleanName(name);
    if (text === '' || clean === '') return;
    const raw = details.raw?.slice(0, 500);
    made.push({
      name: clean,
      value: text,
      group,
      sources: typeof from === 'string' ? [from] : from,
      raw,
      ...(details.volatile === true ? { volatile: true } : {}),
    });
  };
}

/** The site's own facts come last and win over ours. A capture holds what they were. */
async function runExternal(
  options: CollectOptions,
  sources: Sources,
  facts: Map<string, Fact>,
  errors: ProbeError[],
): Promise<void> {
  const made: Fact[] = [];
  const add = adderTo(made, 'external', facts);
  const directories = options.externalDirs ?? [];
  if (sources.kind === 'capture') {
    const text = sources.lookup(EXTERNAL_FACTS, () => undefined);
    for (const [name, value, from] of text === undefined ? [] : (JSON.parse(text) as string[][])) {
      if (name !== undefined) add(name, value, from ?? '');
    }
  }
  if ((sources.kind === 'live' || options.externalAnywhere === true) && directories.length > 0) {
    const fail = (message: string, source: string): void =>
      void errors.push({ group: 'external', message: `${source}: ${message}`, source });
    await collectExternal(directories, add, fail, { env: options.externalEnv, signal: options.signal });
    if (made.length > 0)
      sources.lookup(EXTERNAL_FACTS, () => JSON.stringify(made.map((one) => [one.name, one.value, one.sources[0]])));
  }
  for (const fact of made) facts.set(fact.name, fact);
}
