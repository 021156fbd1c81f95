import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { download } from '../../../agent/commands/download.ts';
import type { FileClient } from '../../../agent/http/file-client.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const FILE = Buffer.from('a kernel');
const SHA256 = createHash('sha256').update(FILE).digest('hex');

interface Bench {
  readonly path: string;
  readonly asked: object[];
  get(options: Partial<Parameters<typeof download>[3]>, open?: () => Promise<unknown>): Promise<number>;
}

function bench(t: TestContext, chunks: readonly Buffer[] = [FILE]): Bench {
  const path = join(temporaryDirectory(t), 'file');
  const asked: object[] = [];
  const body = async function* (): AsyncGenerator<Buffer> {
    yield* chunks;
  };
  return {
    path,
    asked,
    get: (options, open = async () => ({ body: body() })) => {
      const files = { open: (request: object) => (asked.push(request), open()) } as unknown as FileClient;
      return download(files, 'http://u:secret@h/kernel', path, { limit: 100, ...options });
    },
  };
}

test('a file is fetched whole, checked, and private', async (t) => {
  const { get, path, asked } = bench(t);
  assert.equal(await get({ sha256: SHA256.toUpperCase() }), FILE.length);
  assert.deepEqual(readFileSync(path), FILE);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const [{ url, idleMs, redirects }] = asked as [{ url: string; idleMs: number; redirects: number }];
  assert.deepEqual([url, idleMs, redirects], ['http://u:secret@h/kernel', 30_000, 0]);
  assert.equal(await bench(t).get({ limit: FILE.length }), FILE.length);
});

test('a file that is empty, too long, or another than was meant is refused, and nothing is left of it', async (t) => {
  const refused = async (chunks: readonly Buffer[], options: object, message: RegExp): Promise<void> => {
    const { get, path } = bench(t, chunks);
    await assert.rejects(get(options), (error: RazorMkError) => {
      assert.equal(error.code, 'RAZOR_MK_COMMAND');
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
    assert.equal(existsSync(path), false);
  };
  await refused([], {}, /it is empty$/);
  await refused([FILE], { limit: FILE.length - 1 }, /h\/kernel: \S/);
  await refused([FILE], { sha256: 'AB'.repeat(32) }, new RegExp(`its SHA-256 is ${SHA256}, not ${'ab'.repeat(32)}$`));
});

test('what goes wrong on the way is a failed command, with its remedy; what is not trusted stays that', async (t) => {
  const failing = (error: Error) => bench(t).get({}, () => Promise.reject(error));
  await assert.rejects(failing(new Error('broken')), { code: 'RAZOR_MK_COMMAND', message: /: broken$/ });
  const http = new RazorMkError('RAZOR_MK_HTTP', 'no answer', { remedy: 'Look.' });
  await assert.rejects(failing(http), { code: 'RAZOR_MK_COMMAND', message: 'no answer', remedy: 'Look.', cause: http });
  await assert.rejects(failing(new RazorMkError('RAZOR_MK_TRUST', 'no')), { code: 'RAZOR_MK_TRUST', message: 'no' });
});

test('a file that does not come in time, and an agent that stops', async (t) => {
  const never = () => new Promise((_, reject) => setTimeout(() => reject(new Error('late')), 60));
  await assert.rejects(bench(t).get({ timeoutMs: 20 }, never), {
    code: 'RAZOR_MK_COMMAND',
    message: /it did not come within 0\.02 s$/,
  });
  const signal = AbortSignal.abort(new Error('stopped'));
  await assert.rejects(
    bench(t).get({ signal }, () => Promise.reject(new Error('x'))),
    /stopped/,
  );
});
