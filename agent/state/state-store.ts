/**
 * What the agent remembers between turns and restarts: the first-check-in flag, the facts that were sent last, the last
 * good pushed configuration, and notes of other parts. Under the original's names, each replaced atomically and with a
 * checksum. A file that cannot be read is set aside, and a disk that cannot be written does not stop the agent. Flat YAML is
 * written and read here, because loading the YAML library would cost a node time before its first check-in.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../platform/errors/errors.ts';
import { readCapped, replaceFile } from '../../platform/files.ts';

type FlatMap = Readonly<Record<string, unknown>>;

/** The original's file names. */
export const STATE_FILES = {
  firstCheckin: 'first_checkin.yaml',
  previousFacts: 'prev_facts.yaml',
  config: 'mk_conf.yaml',
  notes: 'razor-mk.json',
} as const;

export interface StateStore {
  readonly dir: string;
  /** True until a register that a check-in asked for was accepted. */
  readonly firstCheckin: boolean;
  setFirstCheckin(value: boolean): void;
  /** The facts that the server accepted last. */
  readonly previousFacts: Readonly<Record<string, string>> | undefined;
  setPreviousFacts(facts: Readonly<Record<string, string>>): void;
  /** The last pushed configuration that proved good. */
  readonly config: FlatMap | undefined;
  setConfig(config: FlatMap): void;
  /** A small note of another part of the program, as JSON (the loop breaker's history, the server that answered last). */
  note(name: string): unknown;
  setNote(name: string, value: unknown): void;
  /** What is wrong with the state directory, in words; emptied by reading. */
  takeProblems(): readonly string[];
}

const LONGEST = 4 * 1024 * 1024;
/** The first line, so that a file that was cut anywhere is known to be cut. */
const CHECKSUM = /^# sha256 ([0-9a-f]{64})\n/;

/** Opens (and makes) a state directory and reads what is there. Never throws. */
export async function openStateStore(dir: string): Promise<StateStore> {
  const files = openStateFiles(dir);
  let firstCheckin = (await files.load(STATE_FILES.firstCheckin)) !== false;
  let previousFacts = stringsOf(await files.load(STATE_FILES.previousFacts));
  let config = mapOf(await files.load(STATE_FILES.config));
  let notes = { ...mapOf(await files.load(STATE_FILES.notes)) };
  return {
    dir,
    get firstCheckin() {
      return firstCheckin;
    },
    setFirstCheckin(value) {
      firstCheckin = value;
      files.save(STATE_FILES.firstCheckin, `--- ${value}\n`);
    },
    get previousFacts() {
      return previousFacts;
    },
    setPreviousFacts(facts) {
      previousFacts = facts;
      files.save(STATE_FILES.previousFacts, flatYaml(facts));
    },
    get config() {
      return config;
    },
    setConfig(map) {
      config = map;
      files.save(STATE_FILES.config, flatYaml(map));
    },
    note: (name) => notes[name],
    setNote(name, value) {
      notes = { ...notes, [name]: value };
      files.save(STATE_FILES.notes, JSON.stringify(notes, undefined, 1));
    },
    takeProblems: () => files.problems.splice(0),
  };
}

interface StateFiles {
  /** What is wrong with them, in words; bounded. */
  readonly problems: string[];
  /** The value of a file; undefined for one that is absent, or that cannot be used and was set aside. */
  load(name: string): Promise<unknown>;
  save(name: string, content: string): void;
}

const MOST_PROBLEMS = 20;

function openStateFiles(dir: string): StateFiles {
  const problems: string[] = [];
  const problem = (text: string): void => {
    if (!problems.includes(text) && problems.length < MOST_PROBLEMS) problems.push(text);
  };
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    problem(`the state directory ${dir} cannot be made: ${messageOf(error)}`);
  }
  return {
    problems,
    async load(name) {
      const path = join(dir, name);
      try {
        const bytes = await readCapped(path, LONGEST);
        return bytes === undefined ? undefined : await readState(bytes.toString('utf8'));
      } catch (error) {
        problem(`${path} cannot be used (${messageOf(error)}); ${setAside(path)}, going on without it`);
        return undefined;
      }
    },
    save(name, content) {
      const body = content.endsWith('\n') ? content : `${content}\n`;
      try {
        replaceFile(join(dir, name), `# sha256 ${sha256(body)}\n${body}`, 0o600);
      } catch (error) {
        problem(`${messageOf(error)}; the agent goes on, but forgets this when it is restarted`);
      }
    },
  };
}

/** Renames a file that cannot be used, and says what became of it. */
function setAside(path: string): string {
  const aside = `${path}.unreadable`;
  try {
    renameSync(path, aside);
    return `set aside as ${aside}`;
  } catch {
    return 'and it cannot be set aside';
  }
}

/**
 * The value of a state file. Ours begin with a checksum, which must be right, and are read without the YAML library; files
 * without one were written by something else (the image's build, somebody's editor) and are read as YAML.
 */
export async function readState(text: string): Promise<unknown> {
  const match = CHECKSUM.exec(text);
  if (match === null) {
    if (text.startsWith('# sha256')) throw new Error('its checksum is cut');
    if (text.trim() === '') throw new Error('it is empty');
    if (text.includes('\0')) throw new Error('it is binary');
    const { parse } = await import('yaml');
    return parse(text, { maxAliasCount: 0, prettyErrors: false, logLevel: 'error' }) as unknown;
  }
  const body = text.slice(match[0].length);
  if (sha256(body) !== match[1]) throw new Error('its checksum is wrong');
  if (/^--- (true|false)\n$/.test(body)) return body === '--- true\n';
  return body.startsWith('---\n') ? readFlatYaml(body) : (JSON.parse(body) as unknown);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A flat map in the original's form: one `key: value` a line. JSON scalars are YAML scalars. */
export function flatYaml(map: FlatMap): string {
  const lines = Object.entries(map).map(([key, value]) => `${yamlKey(key)}: ${JSON.stringify(value ?? null)}\n`);
  return `---\n${lines.join('')}`;
}

function yamlKey(key: string): string {
  return /^[a-z][a-z0-9_]*$/i.test(key) && !/^(y|n|yes|no|on|off|true|false|null)$/i.test(key)
    ? key
    : JSON.stringify(key);
}

/** Reads what flatYaml wrote; throws where it is anything else. */
export function readFlatYaml(text: string): Record<string, unknown> {
  const map: [string, unknown][] = [];
  for (const line of text.split('\n').slice(1)) {
    if (line === '') continue;
    const match = /^("(?:[^"\\]|\\.)*"|\w+): (.+)$/.exec(line);
    if (match === null) throw new Error('a line is not key: value');
    const key = match[1] as string;
    map.push([key.startsWith('"') ? (JSON.parse(key) as string) : key, JSON.parse(match[2] as string)]);
  }
  return Object.fromEntries(map);
}

function mapOf(value: unknown): FlatMap | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as FlatMap) : undefined;
}

function stringsOf(value: unknown): Record<string, string> | undefined {
  const map = mapOf(value);
  if (map === undefined) return undefined;
  return Object.fromEntries(Object.entries(map).map(([name, item]) => [name, String(item)]));
}
