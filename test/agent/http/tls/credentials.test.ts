/** Token and client certificate belong to one origin; pins and authorities for files of other hosts. */
import assert from 'node:assert/strict';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { resolveAgentSettings } from '../../../../agent/config/resolve.ts';
import { readSmallFile } from '../../../../agent/http/file-client.ts';
import { openHttp, withheldFrom, type TrustOptions } from '../../../../agent/http/tls/trust.ts';
import { authority, issued, type Made } from '../../../helpers/certificates.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

interface Site {
  readonly ca: Made;
  readonly node: Made;
  /** Two servers of the authority, and what each was shown with its last request. */
  readonly own: Shown;
  readonly other: Shown;
}

interface Shown {
  readonly url: string;
  last: { readonly token: string | undefined; readonly client: string | undefined } | undefined;
}

async function listen(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function shown(t: TestContext, scheme: 'http' | 'https', tls: Made, ca: Made, to?: string): Promise<Shown> {
  const result: Shown = { url: '', last: undefined };
  const answer: RequestListener = (request, response) => {
    const client = (request.socket as Partial<TLSSocket>).getPeerX509Certificate?.()?.subject;
    result.last = { token: request.headers.authorization, client };
    if (request.url === '/plain') response.writeHead(302, { location: 'http://127.0.0.1:1/f' }).end();
    else if (to === undefined || request.url !== '/moved') response.end('ok');
    else response.writeHead(302, { location: to }).end();
  };
  const options = { cert: tls.cert, key: tls.key, ca: ca.cert, requestCert: true, rejectUnauthorized: false };
  const port = await listen(t, scheme === 'https' ? createServer(options, answer) : createHttpServer(answer));
  return Object.assign(result, { url: `${scheme}://127.0.0.1:${port}` });
}

async function site(t: TestContext): Promise<Site> {
  const dir = temporaryDirectory();
  const ca = authority(dir);
  const web = issued(dir, 'web', ca);
  const other = await shown(t, 'https', web, ca);
  const own = await shown(t, 'https', web, ca, `${other.url}/f`);
  return { ca, node: issued(dir, 'node', ca), own, other };
}

function trust({ ca, node }: Site, more: Partial<TrustOptions> = {}): TrustOptions {
  const options = { 'ca-file': ca.certFile, 'client-cert': node.certFile, 'client-key': node.keyFile, token: 'secret' };
  const { values } = resolveAgentSettings({ options });
  return { settings: values, environment: {}, userAgent: 'test', ...more };
}

const all = { token: 'Bearer secret', client: 'CN=node' };
const nothing = { token: undefined, client: undefined };

test('token and client certificate are shown to the server’s origin and to no other, by requests and by files', async (t) => {
  const parts = await site(t);
  const { own, other } = parts;
  const http = await openHttp(trust(parts, { server: { url: own.url, source: 'DNS name razor', given: false } }));
  await http.request({ method: 'GET', url: `${own.url}/x` });
  assert.deepEqual(own.last, all);
  await http.request({ method: 'POST', url: `${other.url}/x`, body: '' });
  assert.deepEqual(other.last, nothing);
  assert.equal((await readSmallFile(http, { url: `${own.url}/f` }, 10)).toString(), 'ok');
  assert.deepEqual(own.last, all);
  await readSmallFile(http, { url: `${other.url}/f` }, 10);
  assert.deepEqual(other.last, nothing);
});

test('a redirect of a file to another origin takes nothing along, what was given for the file included', async (t) => {
  const parts = await site(t);
  const http = await openHttp(trust(parts, { server: { url: parts.own.url, source: '--server', given: true } }));
  const request = { url: `${parts.own.url}/moved`, authorization: 'Basic of-the-image' };
  assert.equal((await readSmallFile(http, request, 10)).toString(), 'ok');
  assert.deepEqual(parts.own.last, { token: 'Basic of-the-image', client: 'CN=node' });
  assert.deepEqual(parts.other.last, nothing);
  await assert.rejects(http.open({ ...request, redirects: 0 }), /HTTP 302 to .*redirects are not followed/);
  await assert.rejects(http.open({ url: `${parts.own.url}/plain` }), /leads to http:.*, which is not followed/);
});

test('a server that was found on the network by http gets no token; one that was given does', async (t) => {
  const parts = await site(t);
  const plain = await shown(t, 'http', parts.ca, parts.ca);
  for (const given of [false, true]) {
    const server = { url: plain.url, source: 'next-server file', given };
    const options = trust(parts, { server });
    const http = await openHttp(options);
    await http.request({ method: 'POST', url: `${plain.url}/checkin`, body: '' });
    assert.equal(plain.last?.token, given ? 'Bearer secret' : undefined);
    const note = withheldFrom(server, options.settings);
    if (given) assert.equal(note, undefined);
    else assert.match(note ?? '', /the token is not sent to http:.*found by next-server file/);
  }
});

test('the client for lists and files of any host has neither', async (t) => {
  const parts = await site(t);
  const http = await openHttp(trust(parts));
  await readSmallFile(http, { url: `${parts.own.url}/f` }, 10);
  assert.deepEqual(parts.own.last, nothing);
});

test('files whose checksum is known come from a pinned host or from one that authorities vouch for', async (t) => {
  const dir = temporaryDirectory();
  const ca = authority(dir);
  const strange = authority(dir, 'strange');
  const vouched = await shown(t, 'https', issued(dir, 'web', ca), ca);
  const pinnedOnly = issued(dir, 'pinned', strange);
  const pinned = await shown(t, 'https', pinnedOnly, ca);
  const unknown = await shown(t, 'https', issued(dir, 'unknown', strange), ca);
  const { values } = resolveAgentSettings({ options: { 'ca-file': ca.certFile, pin: pinnedOnly.fingerprint } });
  const options = { settings: values, environment: {}, userAgent: 'test' };
  const files = await openHttp({ ...options, pinOrAuthority: true });
  for (const { url } of [vouched, pinned]) await readSmallFile(files, { url: `${url}/f` }, 10);
  await assert.rejects(files.open({ url: `${unknown.url}/f` }), /which is not pinned/);
  assert.equal(unknown.last, undefined);
  // a certificate of the authority for another name is none for this host
  const wrongName = vouched.url.replace('127.0.0.1', 'localhost');
  await assert.rejects(files.open({ url: `${wrongName}/f` }), /which is not pinned/);
  // without that, pins are all that counts
  const strict = await openHttp(options);
  await assert.rejects(strict.open({ url: `${vouched.url}/f` }), /which is not pinned/);
});
