/** Kinds of option values: how text and JSON become a value, and what is refused. */
import type { LogLevel } from '../../platform/log/log.ts';
import { bracketHint, parseAddress } from '../discovery/address.ts';
import { parseSwitch } from './switch.ts';

/** A value, or what is wrong with it: words that follow the name of the setting. */
type Checked = { readonly value: unknown } | { readonly wrong: string };

/** Takes what was written (text) or pushed (JSON). */
export type Kind = (written: unknown) => Checked;

/** A whole number in a range. Text from a command line counts; a pushed "60" does not (strictNumber). */
export function integer(min: number, max: number): Kind {
  return (written) => {
    const value = typeof written === 'string' && /^[+-]?\d{1,15}$/.test(written) ? Number(written) : written;
    return strictNumber(min, max, true)(value);
  };
}

/** A number of seconds in a range; fractions count. */
export function seconds(min: number, max: number): Kind {
  return (written) => {
    const value = typeof written === 'string' && /^[+-]?\d{1,15}(\.\d+)?$/.test(written) ? Number(written) : written;
    return strictNumber(min, max, false)(value);
  };
}

/** A JSON number in a range: what a server must send. */
export function strictNumber(min: number, max: number, whole: boolean): Kind {
  return (written) => {
    if (typeof written !== 'number' || !Number.isFinite(written)) return { wrong: 'is not a number' };
    if (whole && !Number.isInteger(written)) return { wrong: 'is not a whole number' };
    return written < min || written > max ? { wrong: `is not between ${min} and ${max}` } : { value: written };
  };
}

/** Text without control characters. */
export function plainText(longest = 4096): Kind {
  return (written) => {
    if (typeof written !== 'string') return { wrong: 'is not text' };
    if (written.length > longest) return { wrong: `is longer than ${longest} characters` };
    // eslint-disable-next-line no-control-regex
    return /[\u0000-\u001f\u007f]/.test(written) ? { wrong: 'has control characters' } : { value: written };
  };
}

/** One of some words. */
export function oneOf(words: readonly string[]): Kind {
  return (written) =>
    typeof written === 'string' && words.includes(written)
      ? { value: written }
      : { wrong: `must be one of ${words.join(', ')}` };
}

/** A switch as words (switch.ts) or a JSON boolean. */
export function onOff(written: unknown): Checked {
  const value = parseSwitch(String(written));
  return value === undefined ? { wrong: 'is neither on nor off' } : { value };
}

/** A list: of text by commas, or a JSON list. */
export function list(item: Kind): Kind {
  return (written) => {
    const items: unknown[] = Array.isArray(written)
      ? written
      : typeof written === 'string'
        ? written.split(',').filter((word) => word !== '')
        : [written];
    const values: unknown[] = [];
    for (const one of items) {
      const checked = item(one);
      if ('wrong' in checked) return checked;
      values.push(checked.value);
    }
    return { value: values };
  };
}

/** HOST, HOST:PORT or URL. */
export const address: Kind = (written) => {
  const parsed = typeof written === 'string' ? parseAddress(written) : undefined;
  if (parsed !== undefined) return { value: written };
  const more = typeof written === 'string' && /^https?:.*[@?#]/i.test(written);
  return {
    wrong: more ? 'is not a valid address: it must not have a user, a password, ? or #' : 'is not a valid address',
  };
};

/** The path of a URL: starts with a slash, has no blanks, no `..`, no host of its own. */
export const urlPath: Kind = (written) => {
  if (typeof written !== 'string' || !/^\/(?!\/)[\w.~%!$&'()*+,;=:@/?-]{0,500}$/.test(written))
    return { wrong: 'is not a valid path' };
  return written.split('/').includes('..') ? { wrong: 'has .. in it' } : { value: written };
};

/** An http or https URL. */
export const httpUrl: Kind = (written) => {
  if (typeof written !== 'string' || written.length > 2000 || !URL.canParse(written))
    return { wrong: `is not a valid URL${typeof written === 'string' ? bracketHint(written) : ''}` };
  return /^https?:\/\//i.test(written) ? { value: written } : { wrong: 'is neither http nor https' };
};

const LEVELS: Readonly<Record<string, LogLevel>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  warning: 'warn',
  error: 'error',
  fatal: 'fatal',
};

/** Our level names, and the original's `Logger::ERROR`; the original took anything else for INFO, we refuse it. */
export const logLevel: Kind = (written) => {
  const word = typeof written === 'string' ? written.toLowerCase().replace(/^logger::/, '') : '';
  const level = Object.hasOwn(LEVELS, word) ? LEVELS[word] : undefined;
  return level === undefined ? { wrong: 'is not a log level' } : { value: level };
};
