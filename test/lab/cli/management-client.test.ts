import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { openClient, readToken } from '../../../lab/cli/management-client.ts';
import type { RazorMkError } from '../../../platform/errors/errors.ts';
import type { Host } from '../../../platform/process/verb.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

interface Asked {
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A lab that answers each request with the next of these. */
async function lab(
  t: TestContext,
  ...replies: (readonly [number, string])[]
): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, reply) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      asked.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
      const [status, text] = replies[asked.length - 1] ?? [200, '{}'];
      reply.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end(text);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => (server.closeAllConnections(), server.close()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

const host = (env: Record<string, string> = {}): Host =>
  ({ env, signal: new AbortController().signal }) as unknown as Host;
const args = { lab: undefined, 'token-file': undefined, format: undefined };

test('the lab is the one of the option before the variable, slashes at its end or not', async (t) => {
  const { url, asked } = await lab(t);
  for (const [option, env] of [
    [`${url}//`, { RAZOR_MK_LAB_URL: 'http://127.0.0.1:1' }],
    [undefined, { RAZOR_MK_LAB_URL: `${url}/` }],
  ] as const) {
    const client = await openClient({ ...args, lab: option }, host(env));
    assert.deepEqual(await client.call('GET', '/api/x?a=1'), {});
  }
  assert.deepEqual(
    asked.map(({ line, headers, body }) => [line, headers.authorization, headers['content-type'], body]),
    Array.from({ length: 2 }, () => ['GET /api/x?a=1', undefined, undefined, '']),
  );
});

test('the token is that of the file before the variable, and none where that is empty; a body is JSON', async (t) => {
  const { url, asked } = await lab(t);
  const file = join(temporaryDirectory(t), 'token');
  writeFileSync(file, '  of the file\n\n');
  for (const [option, env] of [
    [file, { RAZOR_MK_LAB_TOKEN: 'of the variable' }],
    [undefined, { RAZOR_MK_LAB_TOKEN: 'of the variable' }],
    [undefined, { RAZOR_MK_LAB_TOKEN: '' }],
  ] as const) {
    const client = await openClient({ ...args, lab: url, 'token-file': option }, host(env));
    await client.call('POST', '/api/x', { a: null });
  }
  assert.deepEqual(
    asked.map(({ headers, body }) => [headers.authorization, headers['content-type'], body]),
    ['Bearer of the file', 'Bearer of the variable', undefined].map((token) => [
      token,
      'application/json',
      '{"a":null}',
    ]),
  );
  writeFileSync(file, ' \n');
  await assert.rejects(readToken(file), { code: 'RAZOR_MK_FILE_UNREADABLE', message: `${file} holds no token` });
  await assert.rejects(readToken(`${file}s`), {
    code: 'RAZOR_MK_FILE_UNREADABLE',
    message: /^cannot read .*tokens: ENOENT/,
  });
});

test('what is refused is told in the lab’s words, with what to do by its status; what is no lab is told as such', async (t) => {
  const refused = 'RAZOR_MK_LAB_REFUSED';
  const none = 'RAZOR_MK_LAB_UNREACHABLE';
  const rows: readonly (readonly [readonly [number, string], string, RegExp, RegExp])[] = [
    [[401, '{"error":"who?"}'], refused, /^the lab refused: who\?$/, /--token-file FILE/],
    [[403, '{"error":"no"}'], refused, /: no$/, /lab status shows yours/],
    [[404, '{"error":"unknown node x"}'], refused, /: unknown node x$/, /node list, policy list/],
    [[409, '{"error":"two"}'], refused, /: two$/, /more of the id/],
    [[422, '{"error":"a: is missing"}'], refused, /: a: is missing$/, /in front of the colon/],
    [[400, '{"error":"x"}'], refused, /: x$/, /./],
    [[500, '{"error":7}'], refused, /: status 500$/, /./],
    [[500, '[]'], refused, /: status 500$/, /./],
    [[500, 'null'], refused, /: status 500$/, /./],
    [[200, '<html>'], none, /is not a lab \(status 200\)$/, /./],
    [[502, ''], none, /is not a lab \(status 502\)$/, /./],
    [[302, '{}'], none, /^no lab answers at http:\/\/127\.0\.0\.1:\d+: .*redirect/, /./],
  ];
  const { url } = await lab(t, ...rows.map(([reply]) => reply));
  const client = await openClient({ ...args, lab: url }, host());
  for (const [reply, code, message, remedy] of rows)
    await assert.rejects(client.call('DELETE', '/api/x'), (error: RazorMkError) => {
      assert.equal(error.code, code, String(reply));
      assert.match(error.message, message);
      assert.match(error.remedy, remedy);
      return true;
    });
  const nobody = await openClient({ ...args, lab: 'http://127.0.0.1:1' }, host());
  await assert.rejects(nobody.call('GET', '/'), {
    code: none,
    message: /^no lab answers at http:\/\/127\.0\.0\.1:1: /,
  });
});

test('a request ends with the verb', async () => {
  const ending = new AbortController();
  ending.abort(new Error('stopped by SIGINT'));
  const stopped = { env: {}, signal: ending.signal } as unknown as Host;
  const client = await openClient({ ...args, lab: 'http://127.0.0.1:1' }, stopped);
  await assert.rejects(client.call('GET', '/'), { message: /stopped by SIGINT/ });
});
