/**
 * `node scripts/recording.ts`: runs the demonstration and draws what it printed as docs/demo.svg, which stands at the top of the
 * README. `npm test` fails when the demonstration's sources have changed since: then it is recorded again.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../platform/process/run.ts';

const ROOT = new URL('..', import.meta.url).pathname;
const PATH = 'docs/demo.svg';
/** What the demonstration says is written here. */
const SOURCES = ['lab/cli/demo.ts', 'lab/demo/demo.ts', 'lab/demo/story.ts'];

const COLUMNS = 108;
const WIDTH = 7.23;
const HEIGHT = 17;
const COLOURS: Readonly<Record<string, string>> = { demo: '#d2a8ff', lab: '#79c0ff', agent: '#7ee787' };

/** The hash of the sources of the demonstration, as it is written into the picture. */
export function storyHash(): string {
  const hash = createHash('sha256');
  for (const path of SOURCES) hash.update(readFileSync(join(ROOT, path)));
  return hash.digest('hex').slice(0, 16);
}

/** The hash in the picture; undefined where there is none. */
export function recordedHash(): string | undefined {
  return /data-story="([0-9a-f]{16})"/.exec(readFileSync(join(ROOT, PATH), 'utf8'))?.[1];
}

const xml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

function cut(line: string): string {
  return line.length <= COLUMNS ? line : `${line.slice(0, COLUMNS - 1)}…`;
}

function textOf(line: string, index: number): string {
  const y = 34 + index * HEIGHT;
  const [, before = '', who, after = ''] = /^( *[\d.]+ s {2})(demo|lab|agent)(.*)$/.exec(line) ?? [];
  const colour = who === undefined ? undefined : COLOURS[who];
  const shown =
    colour === undefined ? xml(line) : `${xml(before)}<tspan fill="${colour}">${who ?? ''}</tspan>${xml(after)}`;
  return `<text x="14" y="${y}" xml:space="preserve">${shown}</text>`;
}

/** What was printed, as a picture of a terminal. */
function drawing(lines: readonly string[]): string {
  const width = Math.round(COLUMNS * WIDTH) + 28;
  const height = 34 + lines.length * HEIGHT;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" data-story="${storyHash()}">`,
    '<title>npm start: a machine is discovered, registered, matched to a policy and told to reboot</title>',
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="12" fill="#c9d1d9">',
    ...lines.map(textOf),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

if (import.meta.main) {
  const { stdout, stderr, status } = await run([process.execPath, join(ROOT, 'agent/main.ts'), 'demo'], {
    timeoutMs: 60_000,
  });
  if (status !== 0) throw new Error(stderr.toString());
  const lines = ['$ npm start', ...stdout.toString().trimEnd().split('\n')].map(cut);
  writeFileSync(join(ROOT, PATH), drawing(lines));
  process.stdout.write(`wrote ${PATH}: ${lines.length} lines\n`);
}
