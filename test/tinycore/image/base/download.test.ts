import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { downloadBytes } from '../../../../tinycore/image/base/download.ts';

test('a download goes by the proxy of the builder’s environment, and around it where no_proxy says so', async (t) => {
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end('through the proxy');
  });
  const origin = createServer((_request, response) => response.end('straight'));
  for (const server of [proxy, origin]) {
    t.after(() => server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
  const at = (server: typeof proxy): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `${at(origin)}/base.iso`;
  const env = { http_proxy: at(proxy) };
  const through = await downloadBytes(url, { limit: 100, env });
  assert.equal(through?.toString(), 'through the proxy');
  assert.deepEqual(asked, [url]);
  const around = await downloadBytes(url, { limit: 100, env: { ...env, no_proxy: '127.0.0.1' } });
  assert.equal(around?.toString(), 'straight');
  assert.equal((await downloadBytes(url, { limit: 100 }))?.toString(), 'straight');
});
