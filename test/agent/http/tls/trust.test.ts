/** Whom the agent believes: certificates, pins, client certificates, tokens, signatures, proxies, clocks. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import { connect, createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { resolveAgentSettings } from '../../../../agent/config/resolve.ts';
import type { HttpReply } from '../../../../agent/http/http-client.ts';
import { HttpFailure } from '../../../../agent/http/http-failure.ts';
import { openHttp } from '../../../../agent/http/tls/trust.ts';
import { NONCE_HEADER, SIGNATURE_HEADER, signedBytes } from '../../../../agent/http/tls/signature.ts';
import { authority, issued, noOpenssl } from '../../../helpers/certificates.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const dir = temporaryDirectory();
const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

interface Secure {
  readonly url: string;
  readonly port: number;
  /** Decrypted bytes that arrived, in all connections. */
  readonly received: () => number;
  readonly seen: { authorization: string | undefined; client: string | undefined }[];
}

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function secureServer(options: ServerOptions): Promise<Secure> {
  const sockets: TLSSocket[] = [];
  const seen: Secure['seen'] = [];
  const server = createServer(options, (request, response) => {
    const peer = (request.socket as TLSSocket).getPeerX509Certificate();
    seen.push({ authorization: request.headers.authorization, client: peer?.subject });
    response.end('ok');
  });
  server.on('secureConnection', (socket: TLSSocket) => void sockets.push(socket));
  const port = await listen(server);
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    received: () => sockets.reduce((sum, s) => sum + s.bytesRead, 0),
    seen,
  };
}

async function get(
  url: string,
  args: Record<string, string>,
  env: Record<string, string> = {},
  address?: string,
): Promise<HttpReply> {
  const { values, refused } = resolveAgentSettings({ options: { 'http-timeout': '5', ...args } });
  assert.deepEqual(refused, []);
  const candidate = { url, source: 'test', given: true, ...(address === undefined ? {} : { address }) };
  const http = await openHttp({ settings: values, server: candidate, environment: env, userAgent: 'test' });
  return await http.request({ method: 'GET', url: `${url}/razor/api?x=1` });
}

describe('whom the agent believes', { skip: noOpenssl }, async () => {
  const ca = authority(dir);
  const other = authority(dir, 'other');
  const web = issued(dir, 'web', ca);
  const node = issued(dir, 'node', ca);
  const good = await secureServer({ cert: web.cert, key: web.key });

  test('a server of an unknown authority is refused, and the message names the way out', async () => {
    await assert.rejects(get(good.url, {}), {
      code: 'RAZOR_MK_HTTP',
      message: /authority that is not known here: --ca-file/,
      remedy: /^Name the authority/,
    });
  });

  test('certificates and keys of our own that cannot be used are named as such, not as a fault of the server', async () => {
    const write = (name: string, text: string): string => {
      writeFileSync(join(dir, name), text);
      return join(dir, name);
    };
    const both = { 'ca-file': ca.certFile, 'client-cert': node.certFile, 'client-key': node.keyFile };
    const old = issued(dir, 'old', ca, ['20200101000000Z', '20210101000000Z']);
    const cases: [Record<string, string>, RegExp][] = [
      [{ 'ca-file': write('empty.pem', 'nothing\n') }, /the CA file holds no certificate/],
      [
        { 'ca-file': write('cut.pem', ca.cert.replace(/(.{20})\n-----END/, '\n-----END')) },
        /the CA file holds .* damaged/,
      ],
      [{ ...both, 'client-key': web.keyFile }, /client key does not belong to the client certificate/],
      [{ ...both, 'client-key': write('bad.key', 'nothing\n') }, /client key is not a private key/],
      [{ ...both, 'client-cert': node.keyFile }, /client certificate holds no certificate/],
    ];
    for (const [args, message] of cases) await assert.rejects(get(good.url, args), { code: 'RAZOR_MK_TRUST', message });
    const strict = await secureServer({ cert: web.cert, key: web.key, ca: ca.cert, requestCert: true });
    const expired = { ...both, 'client-cert': old.certFile, 'client-key': old.keyFile };
    await assert.rejects(get(strict.url, expired), {
      code: 'RAZOR_MK_TRUST',
      message: /client certificate has expired: /,
    });
  });

  test('a CA file makes its servers trusted, and no others', async () => {
    assert.equal((await get(good.url, { 'ca-file': ca.certFile })).status, 200);
    await assert.rejects(get(good.url, { 'ca-file': other.certFile }), { code: 'RAZOR_MK_HTTP' });
  });

  test('the certificate must be for the name that was given, also when DNS gave the address', async () => {
    const named = `https://razor.example:${good.port}`;
    assert.equal((await get(named, { 'ca-file': ca.certFile }, {}, '127.0.0.1')).status, 200);
    const wrong = `https://evil.example:${good.port}`;
    await assert.rejects(get(wrong, { 'ca-file': ca.certFile }, {}, '127.0.0.1'), { message: /is for another name/ });
  });

  test('a pinned server is trusted without any authority', async () => {
    const colons = (web.fingerprint.toUpperCase().match(/../g) ?? []).join(':');
    assert.equal((await get(good.url, { pin: colons })).status, 200);
    assert.equal((await get(good.url, { pin: `sha256:${other.fingerprint},${web.fingerprint}` })).status, 200);
  });

  test('a server with another certificate than the pinned is sent zero bytes', async () => {
    const server = await secureServer({ cert: web.cert, key: web.key });
    const pinned: Record<string, string>[] = [
      { pin: other.fingerprint },
      { pin: other.fingerprint, 'ca-file': ca.certFile },
    ];
    for (const args of pinned) {
      await assert.rejects(get(server.url, { ...args, token: 'secret' }), (error: Error) => {
        assert.match(error.message, new RegExp(`fingerprint ${web.fingerprint}, which is not pinned`));
        assert.match((error as HttpFailure).remedy, /pin the new fingerprint.*Else somebody is in between/);
        return true;
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(server.received(), 0);
    assert.equal(server.seen.length, 0);
  });

  test('a pin that is no fingerprint is an error before anything is connected', async () => {
    const { values } = resolveAgentSettings({ options: { pin: 'abcd' } });
    const candidate = { url: good.url, source: 'test', given: true };
    await assert.rejects(openHttp({ settings: values, server: candidate, environment: {}, userAgent: 'test' }), {
      code: 'RAZOR_MK_TRUST',
    });
  });

  test('a client certificate and a bearer token are shown to the server', async () => {
    const server = await secureServer({
      cert: web.cert,
      key: web.key,
      ca: ca.cert,
      requestCert: true,
      rejectUnauthorized: true,
    });
    const tokenFile = join(dir, 'token');
    writeFileSync(tokenFile, 'from-a-file\n');
    const client = { 'client-cert': node.certFile, 'client-key': node.keyFile, 'token-file': tokenFile };
    for (const trust of [{ 'ca-file': ca.certFile }, { pin: web.fingerprint }] as Record<string, string>[]) {
      await get(server.url, { ...client, ...trust });
      assert.deepEqual(server.seen.at(-1), { authorization: 'Bearer from-a-file', client: 'CN=node' });
    }
    await assert.rejects(get(server.url, { 'ca-file': ca.certFile }), { code: 'RAZOR_MK_HTTP' });
    await assert.rejects(get(server.url, { 'client-cert': node.certFile }), { code: 'RAZOR_MK_TRUST' });
  });

  test('a silent TLS server ends in a timeout, not in a wait for ever', async () => {
    const silent = createTcpServer(() => undefined);
    const port = await listen(silent);
    for (const pin of [{ pin: web.fingerprint }, {}] as Record<string, string>[]) {
      await assert.rejects(get(`https://127.0.0.1:${port}`, { ...pin, 'http-timeout': '0.3' }), {
        code: 'RAZOR_MK_HTTP',
      });
    }
  });

  test('a certificate outside its dates names the clock, and how far it is from the server’s', async () => {
    const past = issued(dir, 'past', ca, ['20200101000000Z', '20210101000000Z']);
    const future = issued(dir, 'future', ca, ['20400101000000Z', '20410101000000Z']);
    for (const [made, words] of [
      [past, /has expired.*clock is right/],
      [future, /is not valid yet.*clock is right/],
    ] as const) {
      const server = await secureServer({ cert: made.cert, key: made.key });
      const remedy = 'Renew the server’s certificate.';
      await assert.rejects(get(server.url, { 'ca-file': ca.certFile, token: 'secret' }), { message: words, remedy });
      assert.ok(
        server.seen.every(({ authorization }) => authorization === undefined),
        'the question about the clock carries no token',
      );
    }
  });

  test('with a site key, only replies signed for this very question are believed', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const keyFile = join(dir, 'reply.pem');
    writeFileSync(keyFile, publicKey.export({ type: 'spki', format: 'pem' }));
    let mode = 'good';
    let old = '';
    const server = createHttpServer((request, response) => {
      const nonce = String(request.headers[NONCE_HEADER]);
      const replyBody = Buffer.from('{"errcode":0}');
      const path = request.url ?? '';
      const bytes = signedBytes({ nonce, method: 'GET', path, requestBody: '', status: 200, replyBody });
      const signature = sign(null, bytes, privateKey).toString('base64');
      if (mode === 'good') old = signature;
      const header = mode === 'replayed' ? old : mode === 'garbage' ? 'xyz' : signature;
      if (mode === 'status') response.statusCode = 404;
      if (mode !== 'unsigned') response.setHeader(SIGNATURE_HEADER, header);
      response.end(mode === 'changed' ? '{"errcode":0,"command":"reboot"}' : '{"errcode":0}');
    });
    const url = `http://127.0.0.1:${await listen(server)}`;
    assert.equal((await get(url, { 'site-key': keyFile })).status, 200);
    for (mode of ['unsigned', 'garbage', 'changed', 'replayed', 'status']) {
      await assert.rejects(get(url, { 'site-key': keyFile }), (error: Error) => {
        assert.ok(error instanceof HttpFailure && error.code === 'RAZOR_MK_REPLY', mode);
        assert.match(error.message, /sign/);
        assert.match(error.remedy, mode === 'unsigned' ? /lab with --site-key/ : /compare the keys/);
        return true;
      });
    }
  });

  test('proxies of the environment are used, for https through CONNECT, and the pin is still looked at', async () => {
    const asked: string[] = [];
    const proxy = createHttpServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end('by proxy');
    });
    proxy.on('connect', (request, client) => {
      asked.push(`CONNECT ${request.url}`);
      const [host, port] = (request.url ?? '').split(':');
      const upstream = connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(client).pipe(upstream);
      });
      upstream.on('error', () => client.destroy());
      client.on('error', () => upstream.destroy());
    });
    const proxyUrl = `http://127.0.0.1:${await listen(proxy)}`;
    const env = { http_proxy: proxyUrl, https_proxy: proxyUrl };
    assert.equal((await get('http://192.0.2.1:8026', {}, env)).body.toString(), 'by proxy');
    assert.match(asked.at(-1) ?? '', /^GET http:\/\/192\.0\.2\.1:8026\/razor/);
    assert.equal((await get(good.url, { 'ca-file': ca.certFile }, env)).body.toString(), 'ok');
    assert.equal(asked.at(-1), `CONNECT 127.0.0.1:${good.port}`);
    assert.equal((await get(good.url, { pin: web.fingerprint }, env)).body.toString(), 'ok');
    const before = good.seen.length;
    await assert.rejects(get(good.url, { pin: other.fingerprint }, env), { message: /is not pinned/ });
    assert.equal(good.seen.length, before);
    assert.equal((await get(good.url, { pin: web.fingerprint }, { ...env, no_proxy: '127.0.0.1' })).status, 200);
    assert.equal(asked.length, 4);
  });
});
