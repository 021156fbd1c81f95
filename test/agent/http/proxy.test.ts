/** The proxy variables of the environment: which proxy, which not, and what is said when it does not work. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { resolveAgentSettings } from '../../../agent/config/resolve.ts';
import { readSmallFile } from '../../../agent/http/file-client.ts';
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
  const { values } = resolveAgentSettings({ options: { 'http-timeout': '5' } });
  return await (
    await openHttp({
      settings: values,
      server: { url, source: 'test', given: true },
      environment: env,
      userAgent: 'test',
    })
  ).request({ method: 'GET', url: `${url}/` });
}

test('HOST:PORT is an http proxy; another kind, or no URL, is an error and not a way past it; passwords are not shown', async () => {
  const read = readProxies({ http_proxy: '10.0.0.1:3128', HTTPS_PROXY: 'http://p', other: 'x', no_proxy: '' });
  assert.deepEqual(read.http, { url: 'http://10.0.0.1:3128', host: '10.0.0.1', port: 3128, from: 'http_proxy' });
  assert.deepEqual(read.https, { url: 'http://p', host: 'p', port: 80, from: 'HTTPS_PROXY' });
  for (const bad of ['socks5://10.0.0.1', 'http://bob:hush@bad host', 'http://', 'ftp://x']) {
    await assert.rejects(get('http://127.0.0.1:1', { http_proxy: bad }), (error: Error) => {
      assert.match(error.message, /http_proxy: not an http proxy/);
      assert.doesNotMatch(error.message, /hush/);
      return (error as NodeJS.ErrnoException).code === 'RAZOR_MK_TRUST';
    });
  }
});

/** A URL, entries of no_proxy that except it, and entries that do not. The meaning is curl's, with ports and ranges besides. */
const EXCEPTIONS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  [
    'http://razor.example:8026/x',
    [
      ...[
        '*',
        'razor.example',
        'example',
        '.example',
        '*.example',
        'RAZOR.example',
        'razor.example:8026',
        'razor.example.',
      ],
      ...['other razor.example', 'a,b, razor.example ,c', 'a\trazor.example', '.razor.example'],
    ],
    ['', 'zor.example', 'sub.razor.example', 'razor.example:1', 'razor', '10.0.0.0/8', ',', '.', '*.', '/8', '1-2'],
  ],
  ['http://razor.example.:8026/x', ['razor.example', 'example'], ['xample']],
  [
    'http://10.1.2.3:8026/x',
    [
      ...[
        '10.1.2.3',
        '10.1.2.3:8026',
        '10.0.0.0/8',
        '10.1.2.3/32',
        '0.0.0.0/0',
        '10.1.2.0-10.1.2.9',
        '10.1.2.0 - 10.1.2.9',
      ],
      'a 10.0.0.0/8 b',
    ],
    [
      '10.1.2.4',
      '10.1.2',
      '2.3',
      '.2.3',
      '10.1.2.3:80',
      '11.0.0.0/8',
      '10.0.0.0/33',
      '10.1.2.9-10.1.2.0',
      '127.',
      '::/0',
    ],
  ],
  [
    'http://[fd00::10]:8026/x',
    [
      ...['fd00::10', '[fd00::10]', '[fd00::10]:8026', 'FD00:0:0::0010', 'fd00::/8', '[fd00::]/64', '::/0', '*'],
      'x,[fd00::10]',
    ],
    ['fd00::11', '[fd00::10]:80', 'fd01::/16', '0.0.0.0/0', '[fd00', 'fd00'],
  ],
  ['https://razor.example/x', ['razor.example:443'], ['razor.example:80']],
];

test('no_proxy takes names and what is below them, addresses, networks and ranges, as documented', () => {
  for (const [url, excepted, asked] of EXCEPTIONS) {
    const by = (no_proxy: string): unknown =>
      proxyFor(url, readProxies({ http_proxy: 'p:1', https_proxy: 'p:1', no_proxy }));
    for (const list of excepted) assert.equal(by(list), undefined, `no_proxy=${list} excepts ${url}`);
    for (const list of asked) assert.notEqual(by(list), undefined, `no_proxy=${list} does not except ${url}`);
  }
  assert.equal(proxyFor('https://10.0.0.1/', readProxies({ http_proxy: 'http://p' })), undefined);
  assert.equal(proxyFor('http://a/', readProxies({ http_proxy: '', HTTP_PROXY: 'http://p' }))?.from, 'HTTP_PROXY');
  const both = { http_proxy: 'p', no_proxy: '', NO_PROXY: 'a' };
  assert.equal(proxyFor('http://a/', readProxies(both)), undefined);
});

test('requests and files go where proxyFor says, whatever Node would make of the list', async () => {
  const by: string[] = [];
  const proxy = await listen(createServer((asked, answer) => (by.push(asked.url ?? ''), answer.end('by proxy'))));
  const direct = await listen(createServer((_, answer) => answer.end('direct')));
  const url = `http://127.0.0.1:${direct}`;
  for (const no_proxy of ['', '127.0.0.0/8', '[::1]', 'x 127.0.0.1', '127.0.0.1:1', '126.0.0.0-127.0.0.0']) {
    const env = { HTTP_PROXY: `127.0.0.1:${proxy}`, no_proxy };
    const expected = proxyFor(`${url}/`, readProxies(env)) === undefined ? 'direct' : 'by proxy';
    assert.equal((await get(url, env)).body.toString(), expected, `no_proxy=${no_proxy}`);
    const { values } = resolveAgentSettings({ options: {} });
    const files = await openHttp({ settings: values, environment: env, userAgent: 'test' });
    assert.equal((await readSmallFile(files, { url: `${url}/f` }, 100)).toString(), expected, `no_proxy=${no_proxy}`);
    const proxies = readProxies({ http_proxy: `127.0.0.1:${proxy}`, no_proxy: '127.0.0.1' });
    assert.equal((await readSmallFile(files, { url: `${url}/own`, proxies }, 100)).toString(), 'direct');
  }
});

test('HTTP 407 names the proxy that asks for a login, whoever was asked for what', async () => {
  const proxy = await listen(createServer((_, answer) => answer.writeHead(407).end('no')));
  const env = { http_proxy: `127.0.0.1:${proxy}` };
  const named = {
    code: 'RAZOR_MK_HTTP',
    message: new RegExp(`the proxy 127.0.0.1 port ${proxy} \\(http_proxy\\) refuses the request: HTTP 407`),
    remedy: 'Put user and password into http_proxy: http://USER:PASSWORD@HOST:PORT.',
  };
  await assert.rejects(get('http://192.0.2.1:8026', env), named);
  const { values } = resolveAgentSettings({ options: {} });
  const files = await openHttp({ settings: values, environment: env, userAgent: 'test' });
  await assert.rejects(files.open({ url: 'http://192.0.2.1/f' }), named);
  // without a proxy of ours it is one on the way
  await assert.rejects(get(`http://127.0.0.1:${proxy}`, {}), {
    message: /HTTP 407: a proxy on the way/,
    remedy: /^Name that proxy/,
  });
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
