import assert from 'node:assert/strict';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { blankSources, blankUnusedSources, UNUSED_SOURCES } from '../../../packaging/executable/unused-sources.ts';
import { run } from '../../../platform/process/run.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const SOURCE = `'use strict'; ${'x'.repeat(100)}`;

test('a source is replaced by a line that says so, as long as it was, in the form that Node keeps it in', () => {
  for (const encoding of ['latin1', 'utf16le'] as const) {
    const file = Buffer.concat([Buffer.from('before'), Buffer.from(SOURCE, encoding), Buffer.from('behind')]);
    const { length } = file;
    assert.equal(blankSources(file, { 'deps/one': SOURCE }), Buffer.byteLength(SOURCE, encoding));
    assert.equal(file.length, length);
    const text = file.subarray('before'.length, length - 'behind'.length).toString(encoding);
    assert.match(text, /throw new Error\('deps\/one is not part of this executable'\);\n+$/);
    assert.ok(file.includes('before') && file.includes('behind'));
  }
});

test('a source that is not there, or there twice, is left alone', () => {
  const twice = Buffer.from(`${SOURCE} ${SOURCE}`);
  assert.equal(blankSources(twice, { one: SOURCE, other: 'nobody has this text' }), 0);
  assert.equal(twice.toString(), `${SOURCE} ${SOURCE}`);
});

test('Node without them does everything else; TypeScript, which the executable never reads, is refused in a few lines', async (t) => {
  const directory = temporaryDirectory(t);
  const node = join(directory, 'node');
  copyFileSync(process.execPath, node);
  assert.ok(blankUnusedSources(node) > 3_500_000, UNUSED_SOURCES.join(' '));
  const works = await run([node, '-e', "console.log(new TextDecoder('utf-16le').decode(Buffer.from('ä', 'utf16le')))"]);
  assert.equal(works.stdout.toString(), 'ä\n');
  writeFileSync(join(directory, 'typed.ts'), 'const a: number = 1;\n');
  const typed = await run([node, join(directory, 'typed.ts')]);
  assert.notEqual(typed.status, 0);
  assert.ok(typed.stderr.length < 4000, `${typed.stderr.length} bytes`);
});
