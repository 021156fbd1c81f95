/**
 * The tree of a pattern of Ruby's in RE2's spelling. Pure. RE2 looks neither ahead nor behind, and two anchors differ: Ruby's \Z
 * stands before a last line break, which RE2 has to take with it; and to Ruby no line begins behind that line break, to RE2 one
 * does.
 */

/** A `text` is one character of the text that is searched. */
export type RubyNode =
  | { readonly kind: 'text'; readonly re2: string }
  | { readonly kind: 'anchor'; readonly re2: string }
  | { readonly kind: 'line start' }
  | { readonly kind: 'string end' }
  | { readonly kind: 'sequence'; readonly items: readonly RubyNode[] }
  | { readonly kind: 'alternatives'; readonly branches: readonly RubyNode[] }
  | { readonly kind: 'group'; readonly open: string; readonly body: RubyNode }
  | { readonly kind: 'repeat'; readonly body: RubyNode; readonly times: string };

/** A pattern for RE2. */
export interface Re2Spelling {
  readonly source: string;
  /**
   * For a text that ends in a line break, where the first match of `source` is empty and at the very end: the pattern without
   * lines that begin there. Undefined where both are the same.
   */
  readonly atEnd: string | undefined;
  /** What each group of `source` is: one of the pattern's, or the line break that stands for nothing in \Z. */
  readonly groups: readonly ('captured' | 'line break')[];
}

/** Throws an Error that says what cannot be kept. */
export function spellForRe2(tree: RubyNode): Re2Spelling {
  const lines = { start: '(?m:^)', used: false, groups: [] as Re2Spelling['groups'][number][] };
  const source = emit(tree, EDGES, lines);
  return {
    source,
    atEnd: lines.used ? emit(tree, EDGES, { start: '\\A', used: false, groups: [] }) : undefined,
    groups: lines.groups,
  };
}

interface Spelling {
  /** How a line's start is written that may stand at the end of the text. */
  readonly start: string;
  /** It was written. */
  used: boolean;
  readonly groups: Re2Spelling['groups'][number][];
}

/** What surrounds a node. */
interface Edges {
  /** Nothing follows, so that \Z may take the line break before the end. */
  readonly last: boolean;
  /** No character can have been taken before it: it stands where the match begins. */
  readonly first: boolean;
  /** A character has to follow. */
  readonly followed: boolean;
}

const EDGES: Edges = { last: true, first: true, followed: false };

function emit(node: RubyNode, edges: Edges, spelling: Spelling): string {
  switch (node.kind) {
    case 'text':
    case 'anchor':
      return node.re2;
    case 'line start':
      return lineStart(edges, spelling);
    case 'string end':
      if (!edges.last) throw new Error('\\Z with something behind it cannot be mapped');
      spelling.groups.push('line break');
      return '(\\n?\\z)';
    case 'sequence':
      return sequence(node.items, edges, spelling);
    case 'alternatives':
      return node.branches.map((branch) => emit(branch, edges, spelling)).join('|');
    case 'group':
      if (node.open === '(') spelling.groups.push('captured');
      return `${node.open}${emit(node.body, edges, spelling)})`;
    case 'repeat': {
      const again = !/^(\?|\{[01]?(,[01])?\})/.test(node.times);
      const first = edges.first && !(again && mayTake(node.body));
      return `(?:${emit(node.body, { last: false, first, followed: edges.followed }, spelling)})${node.times}`;
    }
  }
}

/** A character has to follow, and the end is out of the question; or the match begins here, and whoever searches can tell. */
function lineStart({ first, followed }: Edges, spelling: Spelling): string {
  if (followed) return '(?m:^)';
  if (!first) throw new Error('a ^ with something before it, and nothing that must follow, cannot be mapped');
  spelling.used = true;
  return spelling.start;
}

function sequence(items: readonly RubyNode[], { last, first, followed }: Edges, spelling: Spelling): string {
  return items
    .map((item, i) =>
      emit(
        item,
        {
          last: last && i === items.length - 1,
          first: first && !items.slice(0, i).some(mayTake),
          followed: followed || items.slice(i + 1).some(mustTake),
        },
        spelling,
      ),
    )
    .join('');
}

/** Whether it can take a character. */
function mayTake(node: RubyNode): boolean {
  return takes(
    node,
    (branches) => branches.some(mayTake),
    () => true,
  );
}

/** Whether it takes one wherever it matches. */
function mustTake(node: RubyNode): boolean {
  return takes(
    node,
    (branches) => branches.every(mustTake),
    (times) => !/^([*?]|\{0*[,}])/.test(times),
    mustTake,
  );
}

function takes(
  node: RubyNode,
  branches: (of: readonly RubyNode[]) => boolean,
  often: (times: string) => boolean,
  one: (node: RubyNode) => boolean = mayTake,
): boolean {
  switch (node.kind) {
    case 'text':
      return true;
    case 'anchor':
    case 'line start':
    case 'string end':
      return false;
    case 'sequence':
      return node.items.some(one);
    case 'alternatives':
      return branches(node.branches);
    case 'group':
      return one(node.body);
    case 'repeat':
      return often(node.times) && one(node.body);
  }
}
