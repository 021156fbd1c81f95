import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pagePaths, staleFiles } from '../../scripts/docs.ts';
import { recordedHash, storyHash } from '../../scripts/recording.ts';
import { hasContents, LONG_PAGE_LINES } from '../../scripts/markdown.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
/** Pages whose headings are few and their own table of contents. */
const WITHOUT_CONTENTS = ['CHANGELOG.md', 'README.md', 'docs/errors.md'];

test('every page is as npm run docs writes it: printed tables, tables of contents, width of prose', () => {
  assert.deepEqual([...staleFiles(ROOT).keys()], [], 'run: npm run docs');
});

test('every long page has a table of contents', () => {
  const without = pagePaths(ROOT).filter((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    return text.split('\n').length > LONG_PAGE_LINES && !hasContents(text) && !WITHOUT_CONTENTS.includes(path);
  });
  assert.deepEqual(without, []);
});

test('the recording at the top of the README is of the demonstration as it is', () => {
  assert.equal(recordedHash(), storyHash(), 'run: node scripts/recording.ts');
});
