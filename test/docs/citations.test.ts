import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { headings } from '../../scripts/markdown.ts';
import { filesBelow, textOf } from './source-tree.ts';

const SELF = 'test/docs/citations.test.ts';
const FILES = filesBelow('').filter((path) => !path.startsWith('test/fixtures/'));
const PAGES = FILES.filter((path) => path.endsWith('.md'));
const CODE = FILES.filter(
  (path) => (/\.(ts|js|cjs|sh)$/.test(path) || /^tinycore\/(overlay|base|extension)\//.test(path)) && path !== SELF,
);

const anchors = new Map(PAGES.map((path) => [path, new Set(headings(textOf(path)).map(({ anchor }) => anchor))]));

/** Why a page or a heading of it cannot be found, or undefined. */
function dangling(page: string, anchor: string | undefined): string | undefined {
  const known = anchors.get(page);
  if (known === undefined) return FILES.includes(page) && anchor === undefined ? undefined : `${page} does not exist`;
  return anchor === undefined || known.has(anchor) ? undefined : `${page} has no heading #${anchor}`;
}

/** Lines of a file with their numbers. */
function lines(path: string): [number, string][] {
  return textOf(path)
    .split('\n')
    .map((line, index) => [index + 1, line]);
}

test('every page of docs that code or a page names exists, and so does the heading', () => {
  const faults = [...CODE, ...PAGES].flatMap((path) =>
    lines(path).flatMap(([number, line]) =>
      [...line.matchAll(/(?<![\w/.])(docs\/[\w./-]+\.md)(?:#([\w-]+))?/g)]
        .filter(([, page = '']) => !/[A-Z]{2}/.test(page)) // docs/contracts/NAME.md stands for any
        .map(([, page = '', anchor]) => dangling(page, anchor))
        .filter((fault) => fault !== undefined)
        .map((fault) => `${path}:${number}: ${fault}`),
    ),
  );
  assert.deepEqual(faults, []);
});

test('every link between pages leads to a file and a heading that exist', () => {
  const faults = PAGES.flatMap((path) =>
    [...textOf(path).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g)]
      .map(([, target = '', anchor]) => dangling(target === '' ? path : join(dirname(path), target), anchor))
      .filter((fault) => fault !== undefined)
      .map((fault) => `${path}: ${fault}`),
  );
  assert.deepEqual(faults, []);
});

test('no comment cites notes that are not in the repository', () => {
  const forms = [
    /\bspec: /,
    /living-servers/,
    /(?<!docs\/contracts\/)\brazor-0\.x\.md/,
    /(?<!docs\/)\btraps(-\d+)?\.md/,
    /protocol-razor/,
    /\bHanlon \d+\.\d/,
    // a section of something that is not a published standard
    /^(?!.*\b(RFC|DSP\d|UEFI|SMBIOS|ACPI|PCI|SNIA|ECMA|POSIX|IEEE|SPC|SBC|\w+\.(html|rst))).*\bsections? \d/,
  ];
  const faults = CODE.flatMap((path) =>
    lines(path)
      .filter(([, line]) => /^\s*(\*|\/\/|\/\*|#)|\/\/ /.test(line) && forms.some((form) => form.test(line)))
      .map(([number, line]) => `${path}:${number}: ${line.trim()}`),
  );
  assert.deepEqual(faults, []);
});
