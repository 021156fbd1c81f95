/**
 * Prints the reference pages that are made from tables in the code. `npm run docs` writes them; with --check nothing is
 * written and a page that is out of date fails (npm test does that).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { configurationPage } from '../agent/config/page.ts';
import { ERROR_TABLE } from '../platform/errors/error-table.ts';

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

/** Path of each generated page and what it must hold. */
export const PAGES: Readonly<Record<string, () => string>> = {
  'docs/errors.md': errorsPage,
  'docs/configuration.md': configurationPage,
};

/** The pages that do not hold what the code says. */
export function stalePages(root: string): string[] {
  return Object.entries(PAGES)
    .filter(([path, page]) => {
      try {
        return readFileSync(`${root}/${path}`, 'utf8') !== page();
      } catch {
        return true;
      }
    })
    .map(([path]) => path);
}

if (import.meta.main) {
  const root = new URL('..', import.meta.url).pathname.replace(/\/$/, '');
  for (const path of stalePages(root)) {
    const page = PAGES[path];
    if (page) writeFileSync(`${root}/${path}`, page());
    process.stdout.write(`wrote ${path}\n`);
  }
}
