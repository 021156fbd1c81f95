/** Secrets by name: what must appear in no log, no capture and no error message. */

const SECRET_NAME =
  /(^|[._-])(key|token|secret|password|passwd|passphrase|authorization|rootpw)$|_key$|_token$|password|secret/i;
const SECRET_IN_TEXT = /([\w.-]*(?:key|token|secret|password|passwd|rootpw))=(\S+)/gi;
const SECRET_IN_JSON = /("[\w.-]*(?:key|token|secret|password|passwd|rootpw)"\s*:\s*)"(?:[^"\\]|\\.)*"/gi;
const BEARER = /\b(Bearer|Basic)\s+[\w.~+/=-]{4,}/g;
const USER_INFO = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@]+:[^\s/@]+@/gi;

export const REDACTED = '[redacted]';

/** Whether a field, fact, option or kernel argument of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** A copy of a value in which every field with a secret's name is replaced; depth is bounded to 8. */
export function redact(value: unknown, depth = 0): unknown {
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
 * Secrets inside a text, replaced: `name=value` words (a kernel command line, a URL's query) and JSON members with a
 * secret's name, bearer and basic credentials, user and password of a URL.
 */
export function redactText(text: string): string {
  return text
    .replaceAll(SECRET_IN_TEXT, (_, name: string) => `${name}=${REDACTED}`)
    .replaceAll(SECRET_IN_JSON, (_, name: string) => `${name}"${REDACTED}"`)
    .replaceAll(BEARER, (_, scheme: string) => `${scheme} ${REDACTED}`)
    .replaceAll(USER_INFO, (_, scheme: string) => `${scheme}${REDACTED}@`);
}
