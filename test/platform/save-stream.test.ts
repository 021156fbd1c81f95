import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { saveStream } from '../../platform/save-stream.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

async function* pieces(...texts: readonly (string | Error)[]): AsyncIterable<Uint8Array> {
  for (const text of texts) {
    await Promise.resolve();
    if (text instanceof Error) throw text;
    yield Buffer.from(text);
  }
}

test('a stream is a file of its owner, with its size and sums', async (t) => {
  const path = join(temporaryDirectory(t), 'file');
  const sum = (kind: string): string => createHash(kind).update('abcdef').digest('hex');
  assert.deepEqual(await saveStream(pieces('abc', 'def'), path, { limit: 6 }), {
    size: 6,
    sha256: sum('sha256'),
    md5: sum('md5'),
  });
  assert.equal(readFileSync(path, 'utf8'), 'abcdef');
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('what is too long, or breaks off, leaves no file', async (t) => {
  const path = join(temporaryDirectory(t), 'file');
  await assert.rejects(saveStream(pieces('abc', 'def'), path, { limit: 5 }), /longer than 5 bytes/);
  assert.equal(existsSync(path), false);
  await assert.rejects(saveStream(pieces('abc', new Error('cut')), path, { limit: 5 }), /cut/);
  assert.equal(existsSync(path), false);
});

test('it is never written through a link that lies in its place', async (t) => {
  const directory = temporaryDirectory(t);
  const [path, victim] = [join(directory, 'file'), join(directory, 'victim')];
  writeFileSync(victim, 'as it was');
  symlinkSync(victim, path);
  await saveStream(pieces('new'), path, { limit: 5 });
  assert.equal(readFileSync(victim, 'utf8'), 'as it was');
  assert.ok(lstatSync(path).isFile());
});
