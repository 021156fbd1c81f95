/** The kernel command line (Documentation/admin-guide/kernel-parameters.rst): words, and keys matched exactly. */

export interface CommandLine {
  /** The last value of a key, or undefined. `key` alone has the value ''. */
  value(key: string): string | undefined;
  /** Every value of a key, in order. */
  all(key: string): readonly string[];
  readonly keys: readonly string[];
  /** What is odd about it, in words; empty when nothing is. */
  readonly notes: readonly string[];
}

/** The kernel's own bound is 2,048 bytes on x86 and 4,096 elsewhere; more than this is not a command line. */
const LONGEST = 64 * 1024;

/**
 * Splits a command line into words, with the kernel's double quotes, and keys from values at the first `=`. A key that
 * is given twice has its last value, as in the kernel. Never throws: what is not text is left out and noted.
 */
export function parseCommandLine(bytes: Uint8Array | string): CommandLine {
  const notes: string[] = [];
  const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  if (buffer.length > LONGEST) notes.push(`only the first ${LONGEST} bytes of ${buffer.length} are read`);
  const text = Buffer.from(buffer.subarray(0, LONGEST)).toString('latin1');
  const words = splitWords(text);
  const binary = words.filter((word) => /[^\x20-\x7e]/.test(word));
  if (binary.length > 0) notes.push(`${binary.length} words that are not printable text are left out`);
  const values = new Map<string, string[]>();
  for (const word of words) {
    if (/[^\x20-\x7e]/.test(word)) continue;
    const at = word.indexOf('=');
    const key = at < 0 ? word : word.slice(0, at);
    const list = values.get(key) ?? [];
    list.push(at < 0 ? '' : word.slice(at + 1).replace(/^"(.*)"$/, '$1'));
    values.set(key, list);
  }
  return {
    value: (key) => values.get(key)?.at(-1),
    all: (key) => values.get(key) ?? [],
    keys: [...values.keys()],
    notes,
  };
}

/** Blanks separate words, but not between double quotes. The kernel has no escapes. */
function splitWords(text: string): string[] {
  const words: string[] = [];
  let word = '';
  let quoted = false;
  for (const char of text) {
    if (char === '"') quoted = !quoted;
    if (!quoted && /[ \t\r\n\0]/.test(char)) {
      if (word !== '') words.push(word.startsWith('"') ? word.replace(/^"(.*)"$/, '$1') : word);
      word = '';
    } else word += char;
  }
  if (word !== '') words.push(word.startsWith('"') ? word.replace(/^"(.*)"$/, '$1') : word);
  return words;
}
