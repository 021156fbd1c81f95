/**
 * A seventh kind of server, whole in this file: it is selected, discovered, asked for a turn and examined by the doctor, and
 * nothing of the agent knows of it. That is the proof that a new server needs one descriptor.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { doctorContext } from '../../../agent/cli/doctor.ts';
import { setUp } from '../../../agent/cli/setup.ts';
import { examine } from '../../../agent/doctor/doctor.ts';
import type { Dialect, NodeReport, RequestPreview } from '../../../agent/servers/dialect.ts';
import { SERVERS } from '../../../agent/servers/registry.ts';
import type { DialectOptions, TurnServer } from '../../../agent/servers/server.ts';
import type { Host } from '../../../platform/process/verb.ts';
import { runUntil, testAgent } from '../../helpers/agent-parts.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

/** It speaks lines of text: `MAC FACTS` in a POST, and one command in the answer. */
function openDialect({ serverUrl, exchange }: DialectOptions): Promise<Dialect> {
  const nodeId: Dialect['nodeId'] = ({ interfaces }) => interfaces[0]?.mac ?? 'nobody';
  const preview = (path: string, { identity, facts }: NodeReport): RequestPreview => ({
    method: 'POST',
    url: `${serverUrl}/${path}`,
    headers: { 'content-type': 'text/plain' },
    body: `${nodeId(identity)} ${JSON.stringify(facts)}`,
    notes: [],
  });
  return Promise.resolve({
    serverUrl,
    nodeId,
    previewCheckin: (report) => preview('turn', report),
    previewRegister: (report) => preview('facts', report),
    async checkin(report, signal) {
      const { body } = await exchange(preview('turn', report), signal);
      return { command: { name: body.trim(), param: undefined }, clientConfig: undefined };
    },
    async register(report, signal) {
      await exchange(preview('facts', report), signal);
      return [];
    },
  });
}

const SEVENTH: TurnServer = {
  name: 'seventh',
  title: 'Seventh',
  description: 'the server of this test',
  page: 'docs/dialects.md',
  offer: { kernelKeys: ['seventh.url'] },
  discovery: { kernelKeys: ['seventh.url'], defaultPort: 7777, srvName: '_seventh._tcp' },
  address: { key: 'seventh.url', form: 'http://HOST', withPort: 'http://HOST:PORT' },
  turns: {
    asksServer: true,
    checkinSendsFacts: false,
    registers: true,
    acknowledgeMeansKnown: false,
    forgetsAfterS: undefined,
    interval: { seconds: 7 },
    registerReason: 'the seventh asked for it',
  },
  openDialect,
};

interface World {
  readonly url: string;
  readonly server: Server;
  readonly asked: string[];
  readonly host: Host;
  readonly args: Parameters<typeof setUp>[0];
}

/** The server on loopback, and a machine whose kernel line names it. */
async function world(t: TestContext): Promise<World> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    const known = asked.includes('POST /facts');
    request.resume().on('end', () => response.end(request.url === '/turn' ? (known ? 'acknowledge' : 'register') : ''));
  });
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const dir = temporaryDirectory(t);
  const none = join(dir, 'none');
  writeFileSync(join(dir, 'cmdline'), `quiet seventh.url=${url}`);
  writeFileSync(join(dir, 'resolv.conf'), '');
  const controller = new AbortController();
  t.after(() => controller.abort(new Error('over')));
  const silent = { env: {}, out: () => undefined, err: () => undefined, interactive: false, colour: false };
  return {
    url,
    server,
    asked,
    host: { ...silent, columns: 80, self: ['razor-mk'], signal: controller.signal },
    args: {
      cmdline: join(dir, 'cmdline'),
      'resolv-conf': join(dir, 'resolv.conf'),
      'next-server-file': none,
      'dns-port': 1,
      config: '/dev/null',
      root: '/',
      from: undefined,
      'state-dir': undefined,
    },
  };
}

const servers = [...SERVERS, SEVENTH];

test('its word on the kernel line selects it, and discovery finds it there', async (t) => {
  const { url, host, args } = await world(t);
  const setup = await setUp(args, host, { servers });
  assert.deepEqual([setup.descriptor.name, setup.descriptorReason], ['seventh', 'seventh.url= on the kernel line']);
  const { values, refused } = setup.settings({});
  assert.deepEqual([values.dialect, refused], ['seventh', []]);
  const { candidates } = await setup.discover(values, host.signal);
  assert.deepEqual(candidates, [{ url, source: 'kernel line seventh.url', given: true }]);
});

test('a turn registers with it, the next one is acknowledged, and its own interval counts', async (t) => {
  const { url, asked } = await world(t);
  const agent = await testAgent({ descriptor: SEVENTH, server: url });
  t.after(() => agent.stop());
  await runUntil(agent, () => agent.of('waiting').length >= 2);
  assert.deepEqual(
    agent.of('checkin').map(({ command }) => command),
    ['register', 'acknowledge'],
  );
  assert.equal(agent.of('registered')[0]?.reason, 'the seventh asked for it');
  assert.deepEqual(asked, ['POST /turn', 'POST /facts', 'POST /turn']);
  assert.ok(agent.of('waiting').some(({ ms, reason }) => reason === 'the next turn' && Math.abs(ms - 7000) < 100));
});

test('the doctor asks it, and speaks in its words when it is away', async (t) => {
  const { args, host, server } = await world(t);
  const healthy = await examine(await doctorContext(args, host, { servers }));
  assert.match(healthy.at(-1)?.found ?? '', /^the server says register to /);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const away = (await examine(await doctorContext(args, host, { servers }))).find(({ name }) => name === 'TCP');
  assert.equal(away?.state, 'broken');
  assert.match(away.remedy, /correct the port \(seventh\.url=http:\/\/HOST:PORT\)/);
  writeFileSync(args.cmdline, 'razor.dialect=seventh');
  await assert.rejects((await doctorContext(args, host, { servers })).discover(), {
    code: 'RAZOR_MK_NO_SERVER',
    remedy: /^Give seventh\.url=http:\/\/HOST on the kernel line or a DNS service _seventh\._tcp;/,
  });
});
