/**
 * The text of `lshw -c CLASS`, read as the original agent read it: into nested maps, with all its peculiarities,
 * because servers' rules were written against what came out (docs/facts-hardware.md lists them).
 *
 * Where the original died on a text (a third level of numbered nodes, a line without a colon), the text is read again
 * by its plain indentation, so that nothing is lost. Where it died on a last node without lines, this goes on.
 */

/** A node's attributes and children. Names are the original's keys: `physical_id`, `cpu_array`. */
export type LshwMap = Map<string, LshwValue>;
export type LshwValue = string | true | null | LshwMap | (LshwMap | null)[];

interface Node {
  readonly kind: 'node';
  readonly indent: number;
  readonly level: number;
  readonly key: string;
  readonly array: boolean;
  readonly disabled: boolean;
  readonly unclaimed: boolean;
}

interface Pair {
  readonly kind: 'pair';
  readonly level: number;
  readonly key: string;
  readonly value: string;
}

type Token = Node | Pair;

const HEADER = /^(\s*)\*-([A-Za-z]+)(:?[0-9]*)$|^(\s+)\*-([A-Za-z]+):?([0-9]*)\s+(DISABLED|UNCLAIMED)$/;
/** What the original did not know: both flags at once, and other names than letters with a number. */
const WIDE_HEADER = /^(\s*)\*-([A-Za-z]+)?(\S*?)(\s+DISABLED)?(\s+UNCLAIMED)?$/;
/** Always arrays, numbered or not. */
const FORCED_ARRAYS = new Set(['network', 'disk']);
const MAX_LINES = 200_000;

/** The nested maps of one class text. Never throws; an empty text is an empty map. */
export function parseLshwText(text: string): LshwMap {
  const lines = text.split('\n', MAX_LINES);
  while (lines.at(-1) === '') lines.pop();
  const tokens = tokenize(lines, false);
  return (tokens && readAsTheOriginal(tokens)) ?? readByIndentation(tokenize(lines, true) ?? []);
}

/** Undefined where the original died on a line. */
function tokenize(lines: readonly string[], wide: boolean): Token[] | undefined {
  const tokens: Token[] = [];
  let previousIndent = 0;
  let previousName = '';
  let level = -1;
  for (const line of lines) {
    const header = readHeader(line, wide);
    if (header === undefined) {
      const pair = readPair(line);
      if (pair !== undefined) tokens.push({ kind: 'pair', level, ...pair });
      else if (!wide) return undefined;
      continue;
    }
    // a node of the same name as the one before never changes the level
    if (header.name !== previousName) {
      if (header.indent > previousIndent) level += 1;
      else if (header.indent < previousIndent) level -= 1; // by one, however far the text goes back
      previousIndent = header.indent;
    }
    previousName = header.name;
    const array = header.number !== '' || FORCED_ARRAYS.has(header.name);
    const { indent, disabled, unclaimed } = header;
    const key = array ? `${header.name}_array` : header.name;
    tokens.push({ kind: 'node', indent, level, key, array, disabled, unclaimed });
  }
  return tokens;
}

interface Header {
  readonly indent: number;
  readonly name: string;
  readonly number: string;
  readonly disabled: boolean;
  readonly unclaimed: boolean;
}

function readHeader(line: string, wide: boolean): Header | undefined {
  const match = HEADER.exec(line);
  if (match !== null) {
    return {
      indent: (match[1] ?? match[4] ?? '').length,
      name: match[2] ?? match[5] ?? '',
      number: match[3] ?? match[6] ?? '',
      disabled: match[7] === 'DISABLED',
      unclaimed: match[7] === 'UNCLAIMED',
    };
  }
  const other = wide ? WIDE_HEADER.exec(line) : null;
  if (other === null) return undefined;
  const numbered = /^:?[0-9]*$/.test(other[3] ?? '');
  return {
    indent: (other[1] ?? '').length,
    name: numbered ? (other[2] ?? '') : `${other[2] ?? ''}${other[3] ?? ''}`,
    number: numbered ? (other[3] ?? '') : '',
    disabled: other[4] !== undefined,
    unclaimed: other[5] !== undefined,
  };
}

/** `bus info: pci@0000:1a:00.0` to `bus_info`; undefined for a line without a colon. */
export function readPair(line: string): { key: string; value: string } | undefined {
  const colon = line.indexOf(':');
  if (colon === -1) return undefined;
  const key = line.slice(0, colon).trim().replaceAll(/\s+/g, '_').replaceAll('.', '').replace(/^#/, 'number');
  return { key, value: line.slice(colon + 1).trim() };
}

class OriginalDied extends Error {}

/**
 * The original's state machine. It keeps one current map, goes down only into arrays, and comes back up by one level
 * at a time; a plain node after a nested array therefore lands inside. Undefined where it died.
 */
function readAsTheOriginal(tokens: readonly Token[]): LshwMap | undefined {
  try {
    return new OriginalReader(tokens).read();
  } catch (error) {
    if (error instanceof OriginalDied) return undefined;
    throw error;
  }
}

class OriginalReader {
  #index = 0;
  readonly #tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  read(): LshwMap {
    const top: LshwMap = new Map();
    let current: LshwValue | undefined = top;
    let name: string | undefined;
    let previousLevel = this.#tokens[0]?.level ?? 0;
    const above: LshwMap[] = [];
    for (let token = this.#tokens[0]; token !== undefined; token = this.#tokens[this.#index]) {
      if (token.kind === 'pair') {
        if (!(current instanceof Map) || name === undefined) throw new OriginalDied();
        current.set(name, this.#pairs(new Map()));
      } else if (!token.array) {
        name = token.key;
        this.#index += 1;
      } else if (token.level > previousLevel) {
        if (!(current instanceof Map) || name === undefined) throw new OriginalDied();
        above.push(current);
        const parent = current.get(name);
        name = token.key;
        current = parent;
        const target = Array.isArray(parent) ? parent.at(-1) : parent;
        const items = this.#items(token.key);
        if (!(target instanceof Map)) throw new OriginalDied();
        target.set(name, items);
        previousLevel = token.level;
      } else {
        if (token.level < previousLevel) {
          current = above.pop();
          previousLevel = token.level;
        }
        name = token.key;
        const items = this.#items(token.key);
        if (!(current instanceof Map)) throw new OriginalDied();
        const there = current.get(name);
        // of a second run of nodes of one name only the first one is kept
        if (Array.isArray(there)) there.push(items[0] ?? null);
        else current.set(name, items);
      }
    }
    return top;
  }

  /** Consecutive nodes of one name, at whatever indentation; disabled ones are dropped. */
  #items(key: string): LshwMap[] {
    const items: LshwMap[] = [];
    for (let token = this.#tokens[this.#index]; token?.kind === 'node' && token.key === key;) {
      this.#index += 1;
      // the original died here when the last node had no lines
      const item = this.#pairs(token.unclaimed ? new Map([['UNCLAIMED', true]]) : new Map());
      if (!token.disabled) items.push(item);
      token = this.#tokens[this.#index];
    }
    return items;
  }

  #pairs(map: LshwMap): LshwMap {
    for (let token = this.#tokens[this.#index]; token?.kind === 'pair'; token = this.#tokens[this.#index]) {
      map.set(token.key, token.value);
      this.#index += 1;
    }
    return map;
  }
}

/** Nodes contain what is indented deeper: what the original would have given had it gone on. */
function readByIndentation(tokens: readonly Token[]): LshwMap {
  const top: LshwMap = new Map();
  const path: { indent: number; map: LshwMap }[] = [{ indent: -1, map: top }];
  for (const token of tokens) {
    if (token.kind === 'pair') {
      if (path.length > 1) path.at(-1)?.map.set(token.key, token.value);
      continue;
    }
    while (path.length > 1 && (path.at(-1)?.indent ?? -1) >= token.indent) path.pop();
    const parent = path.at(-1)?.map ?? top;
    const map: LshwMap = token.array && token.unclaimed ? new Map([['UNCLAIMED', true]]) : new Map();
    path.push({ indent: token.indent, map });
    if (!token.array) {
      parent.set(token.key, map);
      continue;
    }
    const items = parent.get(token.key);
    const list = Array.isArray(items) ? items : [];
    if (!token.disabled) list.push(map);
    parent.set(token.key, list);
  }
  return top;
}
