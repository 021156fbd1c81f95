/** The proxy variables of the environment: which proxy, which not, and what is said when it does not work. */
import assert from 'node:assert/strict';
import { Agent, createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { resolveSettings } from '../../../agent/config/resolve.ts';
import type { HttpReply } from '../../../agent/http/http-client.ts';
import { openHttp } from '../../../agent/http/tls/trust.ts';
import { proxyFor, readProxies } from '../../../agent/http/proxy.ts';

const servers: Server[] = [];
after(() => servers.forEach((server) => server.close()));

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function get(url: string, env: Record<string, string>): Promise<HttpReply> {
  const { values } = resolveSettings({ options: { 'http-timeout': '5' } });
  return await (
    await openHttp(values, { url, source: 'test', given: true }, env, 'test')
  ).request({ method: 'GET', url: `${url}/` });
}

test('HOST:PORT is an http proxy; another kind, or no URL, is an error and not a way past it; passwords are not shown', async () => {
  assert.deepEqual(readProxies({ http_proxy: '10.0.0.1:3128', HTTPS_PROXY: 'http://p', other: 'x', no_proxy: '' }), {
    http_proxy: 'http://10.0.0.1:3128',
    HTTPS_PROXY: 'http://p',
  });
  for (const bad of ['socks5://10.0.0.1', 'http://bob:hush@bad host', 'http://', 'ftp://x']) {
    await assert.rejects(get('http://127.0.0.1:1', { http_proxy: bad }), (error: Error) => {
      assert.match(error.message, /http_proxy is no http proxy/);
      assert.doesNotMatch(error.message, /hush/);
      return (error as NodeJS.ErrnoException).code === 'RAZOR_MK_TRUST';
    });
  }
});

test('what we say of a proxy is what Node does, for each form of no_proxy', async () => {
  const by: string[] = [];
  const proxy = await listen(createServer((asked, answer) => (by.push(asked.url ?? ''), answer.end())));
  const direct = await listen(createServer((_, answer) => answer.end()));
  const here = `127.0.0.1:${direct}`;
  const lists = [
    '',
    '*',
    '127.0.0.1',
    here,
    '127.0.0.1:1',
    '.0.0.1',
    '*.0.0.1',
    '10.0.0.0/8',
    '127.0.0.0/8',
    '127.0.0.1/32',
  ];
  for (const no_proxy of [
    ...lists,
    '126.0.0.0-127.0.0.0',
    '10.0.0.1 , 127.0.0.0-127.0.0.9',
    '0.0.0.0/0',
    'LOCALHOST',
  ]) {
    const proxyEnv = readProxies({ HTTP_PROXY: `127.0.0.1:${proxy}`, no_proxy });
    by.length = 0;
    await new Promise<void>((resolve, reject) => {
      const sent = request(`http://${here}/`, { agent: new Agent({ proxyEnv }) }, (reply) => {
        reply.resume();
        reply.once('end', resolve);
      });
      sent.once('error', reject).end();
    });
    const told = proxyFor(`http://${here}/`, proxyEnv);
    assert.equal(told !== undefined, by.length === 1, `no_proxy=${no_proxy}`);
    if (told !== undefined) assert.deepEqual(told, { host: '127.0.0.1', port: proxy, from: 'HTTP_PROXY' });
  }
  assert.equal(proxyFor('https://10.0.0.1/', { http_proxy: 'http://p' }), undefined);
});

test('a proxy that is away or refuses is named, not the server, with what to do', async () => {
  const away = { http_proxy: 'http://bob:hush@127.0.0.1:1' };
  await assert.rejects(get('http://192.0.2.1:8026', away), {
    code: 'RAZOR_MK_HTTP',
    message: 'http://192.0.2.1:8026/: the proxy 127.0.0.1 port 1 (http_proxy) cannot be reached (ECONNREFUSED)',
    remedy: 'Start the proxy. Correct http_proxy, or name the server in no_proxy.',
  });
  const proxy = createServer();
  proxy.on('connect', (_, client) => client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
  const port = await listen(proxy);
  await assert.rejects(get('https://192.0.2.1', { HTTPS_PROXY: `127.0.0.1:${port}` }), {
    message: /the proxy 127\.0\.0\.1 port \d+ \(HTTPS_PROXY\) does not let us through: 407 Proxy Authentication/,
    remedy: /^Put user and password into HTTPS_PROXY/,
  });
});
