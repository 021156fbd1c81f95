import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createSlowReader } from '../../../facts/sources/slow.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

/** A reader whose reads end when a test says so. */
function reader(limitMs: number) {
  const asked: string[] = [];
  const ends = new Map<string, { resolve: (bytes: Buffer) => void; reject: (error: unknown) => void }>();
  const read = createSlowReader((path) => {
    asked.push(path);
    return new Promise<Buffer>((resolve, reject) => void ends.set(path, { resolve, reject }));
  }, limitMs);
  const end = (path: string): void => ends.get(path)?.resolve(Buffer.from(path));
  return { asked, end, ends, read: (path: string) => read(path, 100) };
}

test('two are read at a time, the others wait for their turn', async () => {
  const { asked, end, read } = reader(10_000);
  const all = ['a', 'b', 'c'].map(read);
  assert.deepEqual(asked, ['a', 'b']);
  end('b');
  assert.deepEqual(await all[1], { bytes: Buffer.from('b') });
  assert.deepEqual(asked, ['a', 'b', 'c']);
  end('a');
  end('c');
  assert.deepEqual(
    await Promise.all(all),
    ['a', 'b', 'c'].map((path) => ({ bytes: Buffer.from(path) })),
  );
});

test('what fails has its code, EIO where it has none', async () => {
  const { ends, read } = reader(10_000);
  const [one, two] = [read('a'), read('b')];
  ends.get('a')?.reject(Object.assign(new Error('x'), { code: 'EACCES' }));
  ends.get('b')?.reject(new Error('x'));
  assert.deepEqual(await Promise.all([one, two]), [{ code: 'EACCES' }, { code: 'EIO' }]);
});

test('what hangs is not asked again until it comes back, and two that hang stop all reading', async () => {
  const { asked, end, read } = reader(5);
  assert.deepEqual(await read('a'), { code: 'TIMEOUT' });
  assert.deepEqual(await read('a'), { code: 'TIMEOUT' });
  assert.deepEqual(asked, ['a']);
  const [b, c] = [read('b'), read('c')];
  assert.deepEqual(await Promise.all([b, c]), [{ code: 'TIMEOUT' }, { code: 'TIMEOUT' }]);
  assert.deepEqual(await read('d'), { code: 'TIMEOUT' });
  assert.deepEqual(asked, ['a', 'b']);
  end('a');
  await Promise.resolve();
  await Promise.resolve();
  const again = read('a');
  assert.deepEqual(asked, ['a', 'b', 'a']);
  end('a');
  assert.deepEqual(await again, { bytes: Buffer.from('a') });
});

test('a file is read up to a page, and a limit below that', async (t) => {
  const file = join(temporaryDirectory(t), 'file');
  writeFileSync(file, 'x'.repeat(5000));
  const read = createSlowReader(undefined, 10_000); // its own limit is half a second, which a busy machine may need
  assert.equal((await read(file, 1_000_000)).bytes?.length, 4096);
  assert.equal((await read(file, 10)).bytes?.length, 10);
  assert.deepEqual(await read('/no/such/file', 10), { code: 'ENOENT' });
  assert.deepEqual(await read('/proc', 10), { code: 'EISDIR' });
});
