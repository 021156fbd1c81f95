/**
 * The pages that are made, whole or in part. `npm run docs` writes: the reference pages that are printed from tables in the
 * code, the tables of contents, prose wrapped at one width, and the picture of the journey. `npm test` fails when a page
 * is not what this script would write.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configurationPage } from '../agent/config/page.ts';
import { ERROR_TABLE } from '../platform/errors/error-table.ts';
import { journeySvg } from './journey.ts';
import { withContents, wrapProse } from './markdown.ts';
import { serverTables } from './server-tables.ts';
import { verbsPage } from './verb-pages.ts';

function errorsPage(): string {
  const rows = Object.entries(ERROR_TABLE).map(
    ([code, entry]) => `| \`${code}\` | ${entry.exit} | ${entry.summary} | ${entry.remedy.replaceAll('|', '\\|')} |`,
  );
  return [
    '# Errors',
    '',
    'Every error that a person sees has a code, says what happened and where, and ends in what to do. The exit status is that of',
    'sysexits.h. This page is printed from `platform/errors/error-table.ts` by `npm run docs`.',
    '',
    '| code | exit | what happened | what to do |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** Made once: parsing the command line of every verb takes its time. */
const verbs = await verbsPage();

/** Path of each file that is printed from a table in the code, and what it must hold. */
const PRINTED: Readonly<Record<string, () => string>> = {
  'docs/errors.md': errorsPage,
  'docs/configuration.md': configurationPage,
  'docs/journey.svg': journeySvg,
  'docs/verbs.md': () => verbs,
};

/** Paths of all pages, from the root of the repository: those beside the README, and all below docs. */
export function pagePaths(root: string): string[] {
  const beside = readdirSync(root).filter((name) => name.endsWith('.md'));
  const below = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`);
  return [...beside, ...below].sort();
}

/** Path of each page of which a part is printed, and that part, between `<!-- printed -->` and `<!-- end -->`. */
const PRINTED_PARTS: Readonly<Record<string, () => string>> = {
  'docs/dialects.md': serverTables,
};

function withPrintedPart(path: string, now: string): string {
  const part = PRINTED_PARTS[path]?.();
  if (part === undefined) return now;
  return now.replace(
    /(<!-- printed[^>]*-->\n)[^]*?(\n<!-- end -->)/,
    (_, head: string, end: string) => `${head}\n${part}\n${end}`,
  );
}

/** What a file must hold, given what it holds now. */
function wanted(path: string, now: string): string {
  const text = PRINTED[path]?.() ?? withPrintedPart(path, now);
  return path.endsWith('.md') ? withContents(wrapProse(text)) : text;
}

/** The files that are not what this script would write, with what it would. */
export function staleFiles(root: string): ReadonlyMap<string, string> {
  const stale = new Map<string, string>();
  for (const path of new Set([...pagePaths(root), ...Object.keys(PRINTED)])) {
    const file = join(root, path);
    const now = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const text = wanted(path, now);
    if (text !== now) stale.set(path, text);
  }
  return stale;
}

if (import.meta.main) {
  const root = new URL('..', import.meta.url).pathname;
  for (const [path, text] of staleFiles(root)) {
    writeFileSync(join(root, path), text);
    process.stdout.write(`wrote ${path}\n`);
  }
}
