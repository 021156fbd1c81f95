import assert from 'node:assert/strict';
import { test } from 'node:test';
import ts from 'typescript';
import { branchesOf, mirrorsOf } from '../../../scripts/house/mirrors.ts';
import type { SourceFile } from '../../../scripts/house/source-files.ts';

function source(path: string, text: string): SourceFile {
  return { path, lines: 1, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) };
}

test('every place where a program goes one way or another is a branch', () => {
  const rows: Readonly<Record<string, number>> = {
    'f(a);': 0,
    'if (a) b(); else c();': 1,
    'x = a ? b : c;': 1,
    'x = a && b || c ?? d;': 3,
    'for (;;) {} for (const x of y) {} while (a) {}': 3,
    'switch (a) { case 1: case 2: break; default: }': 2,
    'try { a(); } catch { b(); }': 1,
  };
  for (const [text, branches] of Object.entries(rows)) assert.equal(branchesOf(source('a.ts', text)), branches, text);
});

test('files with five branches or more are compared with the tests, the project’s own chores aside', () => {
  const four = 'x = a && b && c && d && e;';
  const five = 'x = a && b && c && d && e && f;';
  const sources = [
    source('agent/few.ts', four),
    source('agent/a.ts', five),
    source('agent/b.ts', five),
    source('lab/c.ts', five + five),
    source('scripts/d.ts', five),
  ];
  assert.deepEqual(mirrorsOf(sources, new Set(['test/agent/a.test.ts', 'test/lab/x.test.ts'])), {
    withLogic: 3,
    missing: [
      ['lab/c.ts', 10],
      ['agent/b.ts', 5],
    ],
  });
});
