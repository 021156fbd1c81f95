/** The configuration that a server pushes with a check-in (client_config): looked at key by key. */
import { isSecretName, REDACTED, redactText } from '../../platform/log/redact.ts';
import { OPTIONS, SETTING_NAMES } from './options/options.ts';

export type PushedMap = Readonly<Record<string, unknown>>;

export interface PushRefusal {
  readonly key: string;
  /** Shortened for messages; secrets are redacted. */
  readonly value: string;
  readonly reason: string;
}

export interface Change {
  readonly key: string;
  readonly from: unknown;
  readonly to: unknown;
}

export interface Examined {
  /** Keys that are taken over, refused ones replaced by what was there before. */
  readonly accepted: PushedMap;
  readonly refused: readonly PushRefusal[];
}

/** Keys of the Ruby original's gem mirror: understood, and without use here. */
const IGNORED = new Set(['mk_gem_mirror_uri', 'mk_gemlist_uri']);

const MOST_KEYS = 200;

/**
 * The first configuration of the original server has three URIs without a number behind the colon
 * (`http://localhost:/tinycorelinux`, docs/contracts/razor-0.x.md#pushed-configuration). It means nobody: what works is kept.
 */
const EMPTY_PORT = 'has an empty port';

/**
 * Validates a pushed map. A key that is refused keeps its value of `current`; the others count. Unknown `mk_*` keys with
 * plain values are kept as they are (servers push whatever their operators add). `server` is the address in use: a push
 * may move http to https, never https to http.
 */
export function examinePushed(map: PushedMap, current: PushedMap, server: string): Examined {
  const accepted: Record<string, unknown> = {};
  const refused: PushRefusal[] = [];
  for (const [key, value] of Object.entries(map).slice(0, MOST_KEYS)) {
    const reason = reasonAgainst(key, value, server);
    if (reason === undefined) accepted[key] = value;
    else {
      refused.push({ key: key.slice(0, 100), value: pushedText(key, value).slice(0, 100), reason });
      if (Object.hasOwn(current, key)) accepted[key] = current[key];
    }
  }
  return { accepted, refused };
}

function reasonAgainst(key: string, value: unknown, server: string): string | undefined {
  if (!/^mk_[a-z0-9_]{1,60}$/.test(key)) return 'is not a key of a configuration';
  if (IGNORED.has(key)) return undefined;
  const setting = SETTING_NAMES.find((name) => OPTIONS[name].pushed === key);
  if (setting === undefined) {
    const plain = ['string', 'number', 'boolean'].includes(typeof value) && String(value).length <= 4096;
    return plain ? undefined : 'is not a plain value';
  }
  if (typeof value === 'string' && /^https?:\/\/[^/?#]*:(?:[/?#]|$)/i.test(value)) return EMPTY_PORT;
  const entry = OPTIONS[setting];
  const checked = (entry.pushedKind ?? entry.kind)(value);
  if ('wrong' in checked) return checked.wrong;
  if (key === 'mk_uri' && /^https:/i.test(server) && !/^https:/i.test(String(value)))
    return 'would go back from https to http';
  return undefined;
}

/** Whether a refusal is a fault that somebody should mend: what an untouched server pushes is none. */
export function isFault({ reason }: PushRefusal): boolean {
  return reason !== EMPTY_PORT;
}

/** A pushed value as text for people; what an operator calls a password or token is not shown. */
export function pushedText(key: string, value: unknown): string {
  if (value === undefined) return 'unset';
  return isSecretName(key) ? REDACTED : redactText(JSON.stringify(value) ?? 'unset');
}

/** Changes as others may see them: texts without secrets, other values as they are. */
export function shownChanges(changes: readonly Change[]): readonly Change[] {
  const shown = (key: string, value: unknown): unknown => {
    if (value === undefined) return undefined;
    if (isSecretName(key)) return REDACTED;
    return typeof value === 'string' ? redactText(value) : value;
  };
  return changes.map(({ key, from, to }) => ({ key, from: shown(key, from), to: shown(key, to) }));
}

/** What changes from one map to another, by key, sorted. The order of keys does not matter; types do. */
export function diffPushed(from: PushedMap, to: PushedMap): readonly Change[] {
  const keys = [...new Set([...Object.keys(from), ...Object.keys(to)])].sort();
  return keys
    .filter((key) => JSON.stringify(from[key]) !== JSON.stringify(to[key]))
    .map((key) => ({ key, from: from[key], to: to[key] }));
}
