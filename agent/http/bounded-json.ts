/** Bodies of others are hostile until parsed: depth is bounded, and their words are cleaned before people read them. */

/** Deeper nesting than this is no reply of any server we know. */
const DEEPEST = 32;

/** JSON of bounded depth, or an Error that says what is wrong. */
export function parseBounded(text: string): unknown {
  if (depthOf(text) > DEEPEST) return new Error(`JSON nested deeper than ${DEEPEST}`);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return new Error('not JSON');
  }
}

/** How deep brackets go, strings aside. Stops counting beyond the bound. */
function depthOf(text: string): number {
  let [depth, deepest, inString] = [0, 0, false];
  for (let at = 0; at < text.length && deepest <= DEEPEST; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 0x5c) at++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x7d || code === 0x5d) depth--;
  }
  return deepest;
}

/** The server's own words in an error body (text or parsed) of any of the three servers, or undefined. */
export function errorText(body: unknown): string | undefined {
  const value = typeof body === 'string' ? parseBounded(body) : body;
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Record<string, unknown>;
  if (typeof fields['result'] === 'string') return cleanText(fields['result'], 300);
  if (typeof fields['error'] === 'string') return cleanText(fields['error'], 300);
  const nested = (fields['response'] as Record<string, unknown> | null | undefined)?.['result'];
  if (typeof nested === 'object' && nested !== null) {
    const { type, description } = nested as Record<string, unknown>;
    return cleanText([type, description].filter((part) => typeof part === 'string').join(': '), 300);
  }
  return undefined;
}

/** Text of others for our messages: one line, no markup, no control characters, bounded. */
export function cleanText(text: string, length: number): string {
  const plain = text
    .slice(0, 4096)
    .replaceAll(/<[^>]{0,500}>/g, ' ')
    // eslint-disable-next-line no-control-regex
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\s]+/g, ' ')
    .trim();
  return plain.length > length ? `${plain.slice(0, length)}…` : plain;
}
