/** The text that dmidecode prints, as blocks: for comparing, never on the way to a fact. */

interface DmidecodeBlock {
  readonly title: string;
  /** `Key: value` lines one tab deep, stripped; keys without a value are left out. */
  readonly fields: ReadonlyMap<string, string>;
}

/** Never throws; at most 10,000 blocks. */
export function parseDmidecode(text: string): DmidecodeBlock[] {
  const blocks: DmidecodeBlock[] = [];
  for (const part of text.split(/^Handle /m, 10_001).slice(1)) {
    // before 2.6 the type stood on a line of its own, and everything was one tab deeper
    const lines = part
      .split('\n')
      .slice(1)
      .filter((line) => !/^\s*DMI type \d+, \d+ bytes/.test(line));
    const title = lines[0]?.trim() ?? '';
    const fields = new Map<string, string>();
    for (const line of lines.slice(1)) {
      const match = /^\s+([^:\n]{1,100}):[ \t]+(.+)$/.exec(line);
      const value = match?.[2]?.trim();
      if (match && value && !fields.has(match[1] as string)) fields.set(match[1] as string, value);
    }
    blocks.push({ title, fields });
  }
  return blocks;
}
