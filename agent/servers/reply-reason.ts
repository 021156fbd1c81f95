/** Why a server answered as it did, in its own words: the header of a lab, for people only. */
import { cleanText } from '../http/bounded-json.ts';
import type { TextReply } from '../http/exchange.ts';

/** Percent-encoded UTF-8 (RFC 3986). Nothing is decided by it, and no signature covers it. */
const REASON_HEADER = 'razor-mk-reason';

const LONGEST = 300;

/** The words, short and without control characters; undefined where the server gives none. */
export function reasonOf({ headers }: Pick<TextReply, 'headers'>): string | undefined {
  const written = headers[REASON_HEADER];
  if (written === undefined) return undefined;
  let text = written;
  try {
    text = decodeURIComponent(written);
  } catch {
    // as it came, then
  }
  const words = cleanText(text, LONGEST);
  return words === '' ? undefined : words;
}
