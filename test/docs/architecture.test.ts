import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { filesBelow, textOf } from './source-tree.ts';

const PAGE = textOf('docs/architecture.md');
const FILES = filesBelow('');
const ROOMS = ['platform', 'facts', 'agent', 'packaging', 'tinycore', 'lab', 'scripts', 'test'];

/** Every directory of the repository that holds a file, its parents included. */
const DIRECTORIES = new Set(
  FILES.flatMap((path) => {
    const parts = dirname(path).split('/');
    return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  }),
);

/** What stands between backticks outside of code blocks. */
function namedIn(page: string): readonly string[] {
  return [...page.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(([, text = '']) => text);
}

const named = namedIn(PAGE);

test('every file and room that docs/architecture.md names exists', () => {
  const paths = named.filter((text) => ROOMS.some((room) => text.startsWith(`${room}/`)) && !/[A-Z]{2}/.test(text));
  assert.ok(paths.length > 100, `${paths.length} paths are named`);
  const missing = paths.filter((path) => !FILES.includes(path) && !DIRECTORIES.has(path.replace(/\/$/, '')));
  assert.deepEqual(missing, []);
});

test('every file and room that any other page names exists', () => {
  const pages = FILES.filter((path) => path.endsWith('.md'));
  const missing = pages.flatMap((page) =>
    namedIn(textOf(page))
      .filter((text) => ROOMS.some((room) => text.startsWith(`${room}/`)) && /^[a-z0-9_./-]+$/.test(text))
      .filter((path) => !FILES.includes(path) && !DIRECTORIES.has(path.replace(/\/$/, '')))
      .map((path) => `${page}: ${path}`),
  );
  assert.deepEqual(missing, []);
});

test('every room of the tree is in docs/architecture.md', () => {
  // a room is a folder below a top folder; what lies deeper is that room's own affair
  const rooms = [...DIRECTORIES].filter(
    (path) => path.split('/').length === 2 && ROOMS.includes(path.split('/')[0] ?? ''),
  );
  const mirrors = new Set([...ROOMS.map((room) => `test/${room}`), 'test/tinycore']);
  const absent = rooms.filter((room) => !mirrors.has(room) && !named.some((text) => text.startsWith(`${room}/`)));
  assert.deepEqual(absent, []);
});

test('every line of docs/security.md about who can do what names a test, and each of them exists', () => {
  const rows = textOf('docs/security.md')
    .split('\n')
    .filter((line) => /^\|(?! *-|-)/.test(line) && !line.includes('| shown by |'));
  assert.ok(rows.length > 40, `${rows.length} lines`);
  const tests = (row: string): string[] => [...row.matchAll(/`(test\/[^`]+\.ts)`/g)].map(([, path = '']) => path);
  assert.deepEqual(
    rows.filter((row) => tests(row).length === 0),
    [],
  );
  assert.deepEqual(
    rows.flatMap(tests).filter((path) => !FILES.includes(path)),
    [],
  );
});
