/**
 * YAML that every reader takes for the same value. Ruby's Psych and PyYAML read YAML 1.1, where `0000:00:03.0` is a number
 * (base 60), `1,5,9` an integer, `no` false and `2026-11-30` a date; so a text is bare only where no reader can see more in it.
 */

/** Letters first, then letters, digits, blanks and a few signs that end nothing; no blank at the end. */
const BARE = /^[A-Za-z][A-Za-z0-9_./()+-]*( [A-Za-z0-9_./()+-]+)*$/;
/** What some reader takes for a boolean or for nothing. */
const WORDS = /^(y|n|yes|no|on|off|true|false|null|nil|none|inf|nan|infinity)$/i;

/** A value as JSON has it, as a YAML document without `---`: maps and lists in blocks, texts in double quotes where needed. */
export function yamlText(value: unknown): string {
  return block(value, '').replace(/^\n/, '').replace(/^ /, '') + '\n';
}

/** What stands behind `key:` or `-`: a blank and a scalar, or a line break and an indented block. */
function block(value: unknown, indent: string): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return ' []';
    return value.map((item) => `\n${indent}-${nested(item, indent)}`).join('');
  }
  if (typeof value !== 'object' || value === null) return ` ${scalar(value)}`;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  if (entries.length === 0) return ' {}';
  return entries.map(([key, item]) => `\n${indent}${scalar(key)}:${nested(item, indent)}`).join('');
}

function nested(value: unknown, indent: string): string {
  return block(value, `${indent}  `);
}

function scalar(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value ?? null);
  if (BARE.test(value) && !WORDS.test(value)) return value;
  // JSON's escapes are YAML's; these would end a line, or are not allowed, for a reader of YAML 1.1
  return JSON.stringify(value).replaceAll(/[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g, (c) => {
    return `\\u${(c.codePointAt(0) as number).toString(16).padStart(4, '0')}`;
  });
}
