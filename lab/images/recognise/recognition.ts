/** What an image was recognised as, and what the lab makes of that. */
import type { ImageType } from '../../store/records.ts';
import type { ImageTree } from './image-tree.ts';

/** Processors as Debian names them. */
export type Architecture = 'amd64' | 'arm64' | 'i386' | 'other';

/** What a reader knows of a tree. */
export interface Recognition {
  /** Its maker's name for it: `Debian`, `Rocky Linux`, `VMware ESXi`. */
  readonly system: string;
  /** As the medium says it, `12.5.0`; empty where it says none. */
  readonly version: string;
  /** Undefined where the medium does not say. */
  readonly arch: Architecture | undefined;
  /** What kind of medium, where there are several: `netinst`, `boot ISO`. */
  readonly medium?: string;
  readonly type: ImageType;
  /** Row of PROPOSED_TEMPLATES; undefined where no template fits. */
  readonly kind: string | undefined;
  /** Paths of the installer's kernel and initrd. */
  readonly kernel?: string | undefined;
  readonly initrd?: string | undefined;
  /** What to know before using it, in sentences. */
  readonly notes: readonly string[];
  /** Why nothing can be installed from it over the network, and what to do instead. */
  readonly unfit?: Unfit | undefined;
}

/** A reason with its remedy. */
export interface Unfit {
  readonly why: string;
  readonly remedy: string;
}

/** Looks at a tree; undefined where it is not of this family. */
export type FamilyReader = (tree: ImageTree) => Promise<Recognition | undefined>;

const ARCHITECTURES: readonly (readonly [RegExp, Architecture])[] = [
  [/^(amd64|x86_64|x64|x86-64)$/i, 'amd64'],
  [/^(arm64|aarch64)$/i, 'arm64'],
  [/^(i[3-6]86|x86)$/i, 'i386'],
];

/** A vendor's word for a processor. */
export function processorOf(word: string | undefined): Architecture | undefined {
  if (word === undefined || word === '') return undefined;
  return ARCHITECTURES.find(([pattern]) => pattern.test(word))?.[1] ?? 'other';
}

/** `[section]` and `key = value` of an INI file, keys as `section.key`, all in lower case. */
export function iniValues(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let section = '';
  for (const line of text.split('\n').slice(0, 5000)) {
    const head = /^\s*\[([^\]]{1,200})\]/.exec(line);
    if (head) section = (head[1] ?? '').toLowerCase();
    const [, key, value] = /^\s*([\w. -]{1,100}?)\s*[=:]\s*(.{0,1000})$/.exec(line) ?? [];
    if (!head && key !== undefined) found.set(`${section}.${key.toLowerCase()}`, (value ?? '').trim());
  }
  return found;
}

/** `NAME=value` lines of a file that a shell would read, quotes taken off. */
export function shellValues(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').slice(0, 1000);
  return new Map(
    lines.flatMap((line) => {
      const [, key, value] = /^(\w{1,100})=(.{0,1000})$/.exec(line.trim()) ?? [];
      return key === undefined ? [] : [[key, (value ?? '').replace(/^(['"])(.*)\1$/, '$2')] as const];
    }),
  );
}

/** First number with dots in a text, `12.5.0`. */
export function versionIn(text: string): string {
  return /\d{1,9}(\.\d{1,9}){0,3}/.exec(text)?.[0] ?? '';
}
