/** Markdown pages of this repository: their headings, tables of contents, and prose wrapped at one width. Pure. */

/** Columns of a line of prose, as of a line of code. */
const PROSE_WIDTH = 120;

/** A page of more lines than this has a table of contents. */
export const LONG_PAGE_LINES = 120;

const BEGIN = '<!-- contents -->';
const END = '<!-- end of contents -->';
const FENCE = /^\s*(```|~~~)/;
const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(?=\S)/;
/** Words that would begin a list, a heading, a table or a quotation, if a line began with them. */
const MARKER = /^([-*+>|#]+|\d+[.)])$/;

interface Heading {
  readonly level: number;
  /** As it is read: without backticks and links. */
  readonly text: string;
  /** What follows `#` in a link to it. */
  readonly anchor: string;
}

/** The headings of a page, with the anchors that GitHub gives them: lower case, no punctuation, `-1` for a repeated one. */
export function headings(markdown: string): readonly Heading[] {
  const found: Heading[] = [];
  const used = new Map<string, number>();
  for (const line of outsideFences(markdown)) {
    const [, marks, title] = /^(#{1,6})\s+(.+?)\s*#*$/.exec(line) ?? [];
    if (marks === undefined || title === undefined) continue;
    const text = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '');
    const slug = text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-');
    const before = used.get(slug) ?? 0;
    used.set(slug, before + 1);
    found.push({ level: marks.length, text, anchor: before === 0 ? slug : `${slug}-${before}` });
  }
  return found;
}

function outsideFences(markdown: string): string[] {
  let inside = false;
  return markdown.split('\n').filter((line) => {
    if (!FENCE.test(line)) return !inside;
    inside = !inside;
    return false;
  });
}

/** True for a page that has room for a table of contents: the two markers. */
export function hasContents(markdown: string): boolean {
  return markdown.includes(`${BEGIN}\n`) && markdown.includes(END);
}

/** The page with its table of contents made anew between the markers; a page without markers comes back as it is. */
export function withContents(markdown: string): string {
  if (!hasContents(markdown)) return markdown;
  const entries = headings(markdown)
    .filter(({ level }) => level === 2 || level === 3)
    .map(({ level, text, anchor }) => `${level === 3 ? '  ' : ''}- [${text}](#${anchor})`);
  const start = markdown.indexOf(BEGIN) + BEGIN.length;
  return `${markdown.slice(0, start)}\n\n${entries.join('\n')}\n\n${markdown.slice(markdown.indexOf(END))}`;
}

/** The page with its paragraphs and list items wrapped; code, tables, headings, quotations and HTML stay as they are. */
export function wrapProse(markdown: string, width = PROSE_WIDTH): string {
  const out: string[] = [];
  let block: string[] = [];
  let fence = false;
  const flush = (): void => {
    if (block.length > 0) out.push(...wrapBlock(block, width));
    block = [];
  };
  for (const line of markdown.split('\n')) {
    const fenced = FENCE.test(line);
    if (fenced || fence || line.trim() === '' || /^\s*([|#>]|<|!\[)/.test(line)) {
      flush();
      out.push(line);
      if (fenced) fence = !fence;
    } else {
      if (ITEM.test(line)) flush();
      block.push(line);
    }
  }
  flush();
  return out.join('\n');
}

/** One paragraph or list item; its first line says how far it is indented. */
function wrapBlock(lines: readonly string[], width: number): string[] {
  const [first = ''] = lines;
  const item = ITEM.exec(first)?.[0];
  const lead = item ?? /^\s*/.exec(first)?.[0] ?? '';
  const hang = ' '.repeat(lead.length);
  const text = [first.slice(lead.length), ...lines.slice(1).map((line) => line.trim())].join(' ');
  const out: string[] = [];
  let current = lead;
  let empty = true;
  for (const word of words(text)) {
    if (!empty && current.length + 1 + word.length > width && !MARKER.test(word)) {
      out.push(current);
      current = hang;
      empty = true;
    }
    current += empty ? word : ` ${word}`;
    empty = false;
  }
  return [...out, current];
}

/** Words between blanks; a code span is one word, whatever it holds, because a reader copies it. */
function words(text: string): string[] {
  return text.match(/(?:`+[^`]*`+|[^\s`]|`)+/g) ?? [];
}
