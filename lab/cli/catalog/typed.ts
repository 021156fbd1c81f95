/** How what people type becomes what the lab's management API takes. */
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';

/** `KEY=VALUE` words as a record. Throws RAZOR_MK_USAGE. */
export function pairs(words: readonly string[] | undefined): Record<string, string> {
  return Object.fromEntries(
    (words ?? []).map((word) => {
      const at = word.indexOf('=');
      if (at < 1) throw new RazorMkError('RAZOR_MK_USAGE', `${word} is not NAME=VALUE`);
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

/** The value of an option that is JSON. Throws RAZOR_MK_USAGE. */
export function jsonOf(text: string, option: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_USAGE', `${option} is not valid JSON: ${messageOf(error)}`);
  }
}

/** `FACT=VALUE`, `FACT!=VALUE`, `FACT~PATTERN`, `FACT!~PATTERN`. Throws RAZOR_MK_USAGE. */
export function parseMatcher(word: string): { key: string; compare: string; value: string; inverse: boolean } {
  const match = /^([^=~!]+)(!?)([=~])(.*)$/s.exec(word);
  if (!match) {
    throw new RazorMkError('RAZOR_MK_USAGE', `${word} is not FACT=VALUE, FACT!=VALUE, FACT~PATTERN or FACT!~PATTERN`);
  }
  const [, key = '', inverse, sign, value = ''] = match;
  return { key, compare: sign === '=' ? 'equal' : 'like', value, inverse: inverse === '!' };
}

/** Tags as they were typed, one by one: a tag has neither commas nor blanks. */
export function tagWords(words: readonly string[] | undefined): readonly string[] | undefined {
  return words?.flatMap((word) => word.split(/[,\s]+/)).filter((tag) => tag !== '');
}
