/** Byte ranges of HTTP (RFC 9110, section 14). Pure. */

export interface ByteRange {
  /** First and last byte, both included. */
  readonly first: number;
  readonly last: number;
}

/**
 * The one range that a `Range` header asks of a file of `size` bytes; `whole` where there is none that we serve (other
 * units, broken, several ranges: a server may ignore those); `unsatisfiable` where it lies behind the end.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'whole' | 'unsatisfiable' {
  const match = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header ?? '');
  if (!match) return 'whole';
  const [, from = '', to = ''] = match;
  if (from === '' && to === '') return 'whole';
  if (from === '') {
    const length = Math.min(Number(to), size);
    return length === 0 ? 'unsatisfiable' : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  if (to !== '' && Number(to) < first) return 'whole';
  if (first >= size) return 'unsatisfiable';
  return { first, last: to === '' ? size - 1 : Math.min(Number(to), size - 1) };
}

/** The range that the original's image service serves: the first of a list; a wrong one means the whole file. */
export function parseFaithfulRange(header: string | undefined, size: number): ByteRange | 'whole' {
  const firstOfList = header?.split(',')[0];
  const range = parseRange(firstOfList, size);
  return range === 'unsatisfiable' ? 'whole' : range;
}
