/**
 * The kernel command line: the one parser of its words (Documentation/admin-guide/kernel-parameters.rst; lib/cmdline.c,
 * next_arg), and BOOTIF=. What agent and facts make of single parameters is built on it.
 */

export interface CommandLine {
  /** The last value of a parameter, or undefined. A bare `name` has the value ''. */
  value(name: string): string | undefined;
  /** Every value of a parameter, in order. */
  all(name: string): readonly string[];
  /** The names as they were written, each once. */
  readonly keys: readonly string[];
  /** What is odd about it, in words; empty when nothing is. */
  readonly notes: readonly string[];
}

interface KernelWord {
  readonly name: string;
  readonly value: string;
}

/** The kernel's own bound is 2,048 bytes on x86 and 4,096 elsewhere; more than this is not a command line. */
const LONGEST = 64 * 1024;

/**
 * The parameters of a command line. In names a dash and an underscore are the same, as in the kernel; case counts. A parameter
 * that is given twice has its last value. Never throws: what is not text is left out and noted.
 */
export function parseCommandLine(bytes: Uint8Array | string): CommandLine {
  const notes: string[] = [];
  const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  if (buffer.length > LONGEST) notes.push(`only the first ${LONGEST} bytes of ${buffer.length} are read`);
  const words = splitKernelWords(Buffer.from(buffer.subarray(0, LONGEST)).toString('latin1'));
  const printable = words.filter(({ name, value }) => !/[^\x20-\x7e]/.test(name + value));
  const binary = words.length - printable.length;
  if (binary > 0) notes.push(`${binary} words that are not printable text are left out`);
  const values = new Map<string, string[]>();
  for (const { name, value } of printable) {
    const list = values.get(sameName(name)) ?? [];
    list.push(value);
    values.set(sameName(name), list);
  }
  return {
    value: (name) => values.get(sameName(name))?.at(-1),
    all: (name) => values.get(sameName(name)) ?? [],
    keys: [...new Set(printable.map(({ name }) => name))],
    notes,
  };
}

/**
 * The words of a command line, in order. Double quotes keep blanks together, anywhere in a word; those around the whole word and
 * around the value are not part of it, and nothing escapes them. `quotes: false` is for texts of programs that know none.
 */
export function splitKernelWords(text: string, { quotes = true } = {}): readonly KernelWord[] {
  const words: string[] = [];
  let word = '';
  let quoted = false;
  for (const char of text) {
    if (char === '"' && quotes) quoted = !quoted;
    if (!quoted && /[ \t\r\n\v\f\0]/.test(char)) {
      if (word !== '') words.push(word);
      word = '';
    } else word += char;
  }
  if (word !== '') words.push(word);
  return words.map((each) => namedWord(each, quotes));
}

/** Name and value are parted at the first `=`; a word that begins with it is a name. */
function namedWord(written: string, quotes: boolean): KernelWord {
  const word = quotes && written.startsWith('"') ? unquoted(written) : written;
  const at = word.indexOf('=');
  if (at <= 0) return { name: word, value: '' };
  const value = word.slice(at + 1);
  return { name: word.slice(0, at), value: quotes && value.startsWith('"') ? unquoted(value) : value };
}

/** Without the quote in front, and without the one at the end where there is one. */
function unquoted(text: string): string {
  return text.slice(1).replace(/"$/, '');
}

function sameName(name: string): string {
  return name.replaceAll('-', '_');
}

/**
 * The MAC of BOOTIF=, lower case with colons: PXELINUX writes the hardware type (RFC 826) before the address
 * (`01-52-54-00-12-34-56`), iPXE scripts the address alone, with dashes or colons. Undefined for anything else.
 */
export function macOfBootif(text: string | undefined): string | undefined {
  const parts = text?.toLowerCase().split(/[-:]/) ?? [];
  const bytes = parts.length === 7 ? parts.slice(1) : parts;
  return bytes.length === 6 && bytes.every((byte) => /^[0-9a-f]{2}$/.test(byte)) ? bytes.join(':') : undefined;
}
