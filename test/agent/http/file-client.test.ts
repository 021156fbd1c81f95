/** The client's face for files: silence, cuts, redirects, sizes and ends. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { FileFailure, readSmallFile } from '../../../agent/http/file-client.ts';
import { createHttpClient } from '../../../agent/http/http-client.ts';

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function failure(action: () => Promise<unknown>): Promise<FileFailure> {
  try {
    await action();
  } catch (error) {
    assert.ok(error instanceof FileFailure, String(error));
    return error;
  }
  return assert.fail('it did not fail');
}

const files = createHttpClient();
const read = (url: string, more = {}): Promise<Buffer> => readSmallFile(files, { url, ...more }, 1000);

test('a file comes as it is stored, whatever encoding the server names, with its announced length', async (t) => {
  const seen: string[] = [];
  const url = await serve(t, (request, response) => {
    seen.push(String(request.headers['accept-encoding']));
    response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': 5 }).end('plain');
  });
  const { length, body } = await files.open({ url: `${url}/f` });
  assert.equal(length, 5);
  let text = '';
  for await (const piece of body) text += piece.toString();
  assert.equal(text, 'plain');
  assert.deepEqual(seen, ['identity']);
});

test('silence ends it, before the answer and in the middle of it, and asking again may help', async (t) => {
  const url = await serve(t, (request, response) => {
    if (request.url === '/middle') response.writeHead(200, { 'content-length': 10 }).write('12345');
  });
  const before = await failure(() => read(`${url}/never`, { idleMs: 60 }));
  assert.match(before.message, /\/never: nothing came for 0\.06 s/);
  const middle = await failure(() => read(`${url}/middle`, { idleMs: 60 }));
  assert.match(middle.message, /\/middle: cut off after 5 bytes: nothing came for 0\.06 s/);
  assert.deepEqual([before.again, middle.again], [true, true]);
});

test('a connection that is cut is no whole file, with or without an announced length', async (t) => {
  const url = await serve(t, (request, response) => {
    response.writeHead(200, request.url === '/announced' ? { 'content-length': 10 } : {});
    response.write('12345', () => setImmediate(() => response.destroy()));
  });
  for (const path of ['/announced', '/chunked']) {
    const cut = await failure(() => read(url + path));
    assert.match(cut.message, /cut off after 5 bytes/, path);
    assert.equal(cut.again, true);
  }
});

test('answers that are not the file say their status; only those of a server in trouble are worth another try', async (t) => {
  const url = await serve(t, (request, response) => response.writeHead(Number(request.url?.slice(1))).end('x'));
  for (const [status, again] of [
    [404, false],
    [403, false],
    [206, false],
    [304, false],
    [408, true],
    [429, true],
    [500, true],
    [503, true],
  ] as const) {
    const wrong = await failure(() => read(`${url}/${status}`));
    assert.deepEqual([wrong.status, wrong.again], [status, again]);
  }
});

test('a part of a file is asked for by its first byte, and nothing else is taken for it', async (t) => {
  const asked: (string | undefined)[] = [];
  const url = await serve(t, (request, response) => {
    asked.push(request.headers.range);
    const range = { '/part': 'bytes 3-5/10', '/other': 'bytes 0-2/10' }[request.url ?? ''];
    response.writeHead(range === undefined ? 200 : 206, range === undefined ? {} : { 'content-range': range });
    response.end('345');
  });
  assert.equal((await read(`${url}/part`, { range: { from: 3, length: 3 } })).toString(), '345');
  await read(`${url}/part`, { range: { from: 3 } });
  assert.deepEqual(asked, ['bytes=3-5', 'bytes=3-']);
  for (const path of ['other', 'whole']) {
    const wrong = await failure(() => read(`${url}/${path}`, { range: { from: 3 } }));
    assert.match(wrong.message, /gives no such part of it/);
    assert.equal(wrong.again, false);
  }
  assert.match((await failure(() => read(`${url}/part`))).message, /HTTP 206/);
});

test('redirects are followed up to their number, never to another protocol', async (t) => {
  const url = await serve(t, (request, response) => {
    const [, kind = '', left = '0'] = (request.url ?? '').split('/');
    const to = { file: 'file:///etc/passwd', ftp: 'ftp://127.0.0.1/x' }[kind];
    if (to !== undefined) response.writeHead(302, { location: to }).end();
    else if (left === '0') response.end('there');
    else response.writeHead(307, { location: `/n/${Number(left) - 1}` }).end();
  });
  assert.equal((await read(`${url}/n/5`)).toString(), 'there');
  assert.match((await failure(() => read(`${url}/n/6`))).message, /more than 5 redirects/);
  for (const kind of ['file', 'ftp']) {
    assert.match((await failure(() => read(`${url}/${kind}`))).message, /which is not followed/);
  }
});

test('a small file is bounded, a big one may be left in the middle, and neither keeps the connection', async (t) => {
  let open = 0;
  const url = await serve(t, (_, response) => {
    open++;
    response.on('close', () => void open--);
    const more = (): void => void response.write(Buffer.alloc(65_536), () => response.destroyed || setImmediate(more));
    more();
  });
  assert.match((await failure(() => read(`${url}/endless`))).message, /longer than 1000 bytes/);
  const { body } = await files.open({ url: `${url}/endless` });
  for await (const piece of body) {
    assert.ok(piece.length > 0);
    break;
  }
  for (let round = 0; open > 0 && round < 100; round++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(open, 0);
});

test('an abort ends it with its own reason, before the answer and in the middle', async (t) => {
  const url = await serve(t, (request, response) => {
    if (request.url === '/middle') response.writeHead(200).write('12345');
  });
  for (const path of ['/never', '/middle']) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('stopped by the test')), 30);
    await assert.rejects(read(url + path, { signal: controller.signal }), /stopped by the test/, path);
  }
});
