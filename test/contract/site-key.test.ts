/** The key of a site, end to end: a lab that signs, an agent that believes nothing else, and somebody between the two. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Settings } from '../../agent/config/settings.ts';
import { keptCounters, openFileSignatures } from '../../agent/http/tls/file-signatures.ts';
import { createDuties } from '../../agent/node/duties.ts';
import { createLog } from '../../platform/log/log.ts';
import { createSystem } from '../../platform/system.ts';
import { agentProcess } from '../helpers/agent-process.ts';
import { commandLine } from '../helpers/command-line.ts';
import { siteKey } from '../helpers/site-key.ts';
import { startLabProcess } from '../helpers/lab-process.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

const lab = (...words: readonly string[]) => commandLine(['lab', ...words]);

interface Passed {
  readonly status: number;
  readonly signature: string | undefined;
  readonly body: Buffer;
}

/** Passes requests on, and does to each reply what `change` says. */
async function between(
  t: TestContext,
  target: string,
  change: (reply: Passed, asked: IncomingMessage) => Passed,
): Promise<string> {
  const server = createServer((asked: IncomingMessage, answer: ServerResponse) => {
    const { method, url, headers } = asked;
    const on = request(
      new URL(url ?? '', target),
      { method, headers: { ...headers, connection: 'close' } },
      (reply) => {
        const pieces: Buffer[] = [];
        reply.on('data', (piece: Buffer) => pieces.push(piece));
        reply.on('end', () => {
          const signature = reply.headers['razor-mk-signature'] as string | undefined;
          const passed = change({ status: reply.statusCode ?? 0, signature, body: Buffer.concat(pieces) }, asked);
          if (passed.signature !== undefined) answer.setHeader('razor-mk-signature', passed.signature);
          answer.writeHead(passed.status, { 'content-type': 'application/json' }).end(passed.body);
        });
      },
    );
    on.on('error', () => answer.destroy());
    asked.pipe(on);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Mode = 'honest' | 'unsigned' | 'changed' | 'repeated' | 'status' | 'forged';

test('an agent with a site key obeys its lab, and nobody who changes, repeats, forges or strips its answers', async (t) => {
  const dir = temporaryDirectory(t);
  const [key, forged] = [join(dir, 'site.key'), join(dir, 'other.key')];
  for (const path of [key, forged]) assert.equal((await lab('key', path)).status, 0);
  assert.equal(statSync(key).mode & 0o777, 0o600);
  assert.match((await lab('key', key)).err, /is there already/, 'a key is never written over');

  const server = await startLabProcess('--site-key', key, '--mk', 'mk_checkin_interval=1');
  t.after(() => server.stop());
  let mode: Mode = 'unsigned';
  let old: Passed | undefined;
  const address = await between(t, server.nodesUrl, (reply, asked) => {
    const checkin = asked.url?.includes('/checkin') === true;
    if (mode === 'honest') old = checkin ? reply : old;
    if (mode === 'unsigned') return { ...reply, signature: undefined };
    if (mode === 'changed')
      return {
        ...reply,
        body: Buffer.from(reply.body.toString().replace(/"command_name":"\w+"/, '"command_name":"reboot"')),
      };
    if (mode === 'repeated' && old !== undefined) return old;
    if (mode === 'status') return { ...reply, status: 201 };
    return mode === 'forged' ? { ...reply, signature: Buffer.alloc(64, 7).toString('base64') } : reply;
  });
  const turns = ['--checkin-interval', '0.2', '--checkin-skew', '0', '--backoff-cap', '0.2'];
  const agent = await agentProcess(['--server', address, '--site-key', `${key}.pub`, ...turns]);
  t.after(() => agent.stop());
  const refusals = (words: RegExp): number =>
    agent.events.filter(
      (event) => event.event === 'error' && event.code === 'RAZOR_MK_REPLY' && words.test(event.message),
    ).length;
  const checkins = (): number => agent.events.filter(({ event }) => event === 'checkin').length;

  await agent.until('an unsigned answer is refused', () => refusals(/is not signed, and this node has a site key/) > 0);
  assert.equal(checkins(), 0);
  const remedy = agent.events.find((event) => event.event === 'error')?.remedy;
  assert.match(remedy ?? '', /^Start the lab with --site-key FILE/);
  mode = 'honest';
  await agent.until('the lab is obeyed', (events) => events.some(({ event }) => event === 'registered'));
  for (const next of ['changed', 'repeated', 'status', 'forged'] as const) {
    const [before, seen] = [refusals(/signature of the reply .* is wrong/), checkins()];
    mode = next;
    await agent.until(`refused: ${next}`, () => refusals(/signature of the reply .* is wrong/) > before + 1);
    const during = checkins();
    assert.ok(during <= seen + 1, `${next}: at most the turn that was on its way`);
    mode = 'honest';
    await agent.until(`obeyed after: ${next}`, () => checkins() > during);
  }
  assert.ok(!agent.events.some((event) => event.event === 'would'), 'nothing was done to the machine');
});

test('what lies on a plain web server counts with the site’s signature beside it, and never with an older one', async (t) => {
  const dir = temporaryDirectory(t);
  const [key, file] = [join(dir, 'site.key'), join(dir, 'tce-install-list')];
  await lab('key', key);
  const pem = readFileSync(`${key}.pub`, 'utf8');
  const signed = async (content: string) => {
    writeFileSync(file, content);
    assert.equal((await lab('sign', file, '--site-key', key)).status, 0);
    const signature = readFileSync(`${file}.sig`);
    const { sha256, sha512 } = JSON.parse(signature.toString()) as { sha256: string; sha512: string };
    return { signature, sha256: { algorithm: 'sha256', hex: sha256 }, sha512: { algorithm: 'sha512', hex: sha512 } };
  };
  const first = await signed('["a.tcz"]');
  const second = await signed('["b.tcz"]');
  const open = () => openFileSignatures(pem, keptCounters(dir));
  const name = 'tce-install-list';
  assert.equal(open().signatureOf('http://m/x/list?a=1'), 'http://m/x/list.sig?a=1');
  open().check({ name, digest: first.sha256, signature: first.signature });
  open().check({ name, digest: second.sha512, signature: second.signature });
  open().check({ name, digest: second.sha256, signature: second.signature });
  const wrong = (change: object, words: RegExp): void =>
    assert.throws(() => open().check({ name, digest: second.sha256, signature: second.signature, ...change }), {
      code: 'RAZOR_MK_TRUST',
      message: words,
      remedy: /razor-mk lab sign/,
    });
  wrong({ digest: first.sha256, signature: first.signature }, /has the counter \d+, and \d+ was seen before/);
  wrong({ digest: first.sha256 }, /not the one that was signed/);
  wrong({ digest: { algorithm: 'md5', hex: 'x' } }, /SHA-256 or SHA-512 are signed/);
  wrong({ name: 'kmod-install-list' }, /is of "tce-install-list"/);
  wrong({ signature: Buffer.alloc(0) }, /is not a signature/);
  const other = join(dir, 'other.key');
  await lab('key', other);
  await lab('sign', file, '--site-key', other);
  wrong({ signature: readFileSync(`${file}.sig`) }, /is not of the site’s key/);
});

test('a list is read only with its signature, which is fetched from beside it', async (t) => {
  const dir = temporaryDirectory(t);
  const [site, lines] = [siteKey(), [] as string[]];
  const log = createLog({ level: 'debug', people: (line, level) => lines.push(`${level}: ${line}`) });
  const list = JSON.stringify([{ name: 'x.tcz', sha256: 'a'.repeat(64) }]);
  const files: Record<string, string | Buffer> = { '/lists/x%20y': list };
  const http = {
    request: ({ url }: { readonly url: string }) => {
      const found = files[new URL(url).pathname];
      const body = Buffer.from(found ?? '');
      return Promise.resolve({ status: found === undefined ? 404 : 200, headers: {}, body, durationMs: 0 });
    },
    open: () => Promise.reject(new Error('no mirror')),
  };
  const duties = createDuties(
    { log, system: createSystem({ live: false, log }) },
    {
      openFiles: () => Promise.resolve(http),
      signatures: () => Promise.resolve(openFileSignatures(site.pem, keptCounters(dir))),
      mirrorDir: join(dir, 'none'),
    },
  );
  t.after(() => duties.close());
  const settings = {
    tceMirrorUri: 'http://mirror.example/tcz',
    tceInstallListUri: 'http://server.example/lists/x%20y',
    kmodInstallListUri: '',
    tceMirrorPort: 2157,
  } as Settings;
  const carriedOut = async (): Promise<string> => {
    lines.splice(0);
    await duties.carryOut(settings, new AbortController().signal);
    return lines.join('\n');
  };
  assert.match(
    await carriedOut(),
    /warn: tinycore: list of extensions: .*x y: x y\.sig is not a signature, and this node has a site key/,
  );
  files['/lists/x%20y.sig'] = site.signature('x y', `${list} `);
  assert.match(await carriedOut(), /not the one that was signed/);
  files['/lists/x%20y.sig'] = site.signature('x y', list);
  assert.match(await carriedOut(), /would install x\.tcz/);
});
