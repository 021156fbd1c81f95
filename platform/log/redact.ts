/** Secrets by name: what must appear in no log, no capture and no error message. */

/** How names of secrets end: of fields, options, headers, environment variables and kernel arguments. */
const ENDING = 'key|token|secret|password|passwd|passphrase|passcode|rootpw|pwd|psk|cookie|authorization|credentials?';
/** Endings that are names of secrets also as a whole word with a colon behind; `key: …` and `token: …` begin sentences. */
const PLAIN = 'password|passwd|passphrase|secret|authorization|(?:set-)?cookie';
const SHORT = String.raw`[._-](?:pass|pw)|\bpass|\bpw`;

const SECRET_NAME = new RegExp(String.raw`(^|[._-])(${ENDING}|pass|pw)$|_key$|_token$|password|secret`, 'i');

const NAME = String.raw`[\w.-]*(?:${ENDING})|[\w.-]*(?:${SHORT})`;
const PRIVATE_KEY = /-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g;
/** A word of the kernel line in quotes as a whole. */
const QUOTED_WORD = new RegExp(String.raw`(?<=^|\s)"(${NAME})=(?:[^"\\]|\\.)*"`, 'gi');
const ASSIGNED = new RegExp(String.raw`(?<![\w.-])(${NAME})(\s?=\s?)(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"']\S*)`, 'gi');
const IN_JSON = new RegExp(String.raw`("(?:${NAME})"\s*:\s*)(?:"(?:[^"\\]|\\.)*"|[^\s",{}[\]]+)`, 'gi');
/** A header, a line of YAML, a line of a diff: to the end of the line. */
const AFTER_COLON = new RegExp(
  String.raw`(?<![\w.-])(${PLAIN}|[\w.-]*[._-](?:${ENDING}|pass|pw)|api-?key)(:\s?)(?!\s)[^\n]+`,
  'gi',
);
const ARGUMENT = /(?<![\w-])(--[\w-]*(?:token|password|passwd|passphrase|secret))\s+[^\s-]\S*/gi;
const BEARER = /\b(Bearer|Basic)\s+[\w.~+/=-]{4,}/g;
const USER_INFO = /((?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/)[^\s/?#]+@/gi;

/** A part of every name and sign above. */
const HINT = /key|token|secret|pass|pw|psk|cookie|auth|cred|bearer|basic|:\/\/[^\s/?#]*@/i;

export const REDACTED = '[redacted]';

/** Whether a field, fact, option or kernel argument of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** A copy of a value in which every field with a secret's name, and secrets inside texts, are replaced; depth is bounded to 8. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (depth > 8 || typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return { name: value.name, message: redactText(value.message) };
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1));
  const copy: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    copy[name] = isSecretName(name) && item != null && item !== '' ? REDACTED : redact(item, depth + 1);
  }
  return copy;
}

/**
 * Secrets inside a text, replaced: `name=value` words (a kernel command line, a URL's query), JSON members, headers and
 * lines of YAML with a secret's name, bearer and basic credentials, user and password of a URL, private keys in PEM.
 */
export function redactText(text: string): string {
  // nothing below can match without one of these, and most lines have none
  if (!HINT.test(text)) return text;
  return text
    .replaceAll(PRIVATE_KEY, (_, kind: string) => `${REDACTED} ${kind}private key`)
    .replaceAll(USER_INFO, (_, scheme: string) => `${scheme}${REDACTED}@`)
    .replaceAll(BEARER, (_, scheme: string) => `${scheme} ${REDACTED}`)
    .replaceAll(QUOTED_WORD, (_, name: string) => `"${name}=${REDACTED}"`)
    .replaceAll(ASSIGNED, (_, name: string, sign: string) => `${name}${sign}${REDACTED}`)
    .replaceAll(IN_JSON, (_, name: string) => `${name}"${REDACTED}"`)
    .replaceAll(AFTER_COLON, (_, name: string, colon: string) => `${name}${colon}${REDACTED}`)
    .replaceAll(ARGUMENT, (_, option: string) => `${option} ${REDACTED}`);
}
