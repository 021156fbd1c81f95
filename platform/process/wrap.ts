/** Words in lines, for terminals. */

/**
 * `text` in lines of at most `width` characters; longer words stand alone. Lines behind the first begin with `indent` blanks,
 * and the first one is as much shorter: something of that width stands in front of it. A no-break space parts no line.
 */
export function wrapWords(text: string, width: number, indent: number): string {
  const lines: string[] = [];
  let line: string | undefined;
  for (const word of text.split(/[ \n\t]+/).filter(Boolean)) {
    if (line === undefined) line = word;
    else if (indent + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line += ` ${word}`;
  }
  return [...lines, line ?? ''].join(`\n${' '.repeat(indent)}`);
}
