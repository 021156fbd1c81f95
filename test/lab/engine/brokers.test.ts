import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { startLab, type Lab } from '../../../lab/lab-server.ts';
import type { LabEvent } from '../../../lab/lab-events.ts';
import type { ActiveModel } from '../../../lab/store/records.ts';
import { fakeClock, type FakeClock } from '../../helpers/fake-clock.ts';
import { checkin, register } from '../../helpers/lab-process.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const ID = '525400000001';

interface Asked {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe('a hand-over', () => {
  let lab: Lab;
  let clock: FakeClock;
  let server: Server;
  let asked: Asked[];
  /** What the broker answers in turn, the last one for ever; 0 hangs up. */
  let answers: number[];
  let secret: string;
  const db = (name: string): string => join(temporaryDirectory(), name);

  const open = async (path: string): Promise<void> => {
    lab = await startLab({ ports: { nodes: 0, images: 0, people: 0 }, clock, db: path });
  };
  beforeEach(async () => {
    asked = [];
    answers = [200];
    server = createServer((request, reply) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        asked.push({ headers: request.headers, body });
        const status = (answers.length > 1 ? answers.shift() : answers[0]) ?? 200;
        if (status === 0) request.socket.destroy();
        else reply.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    clock = fakeClock();
  });
  afterEach(async () => {
    await lab.close();
    server.closeAllConnections();
    server.close();
  });

  const api = async (method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> => {
    const headers = { 'content-type': 'application/json' };
    const post = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
    const reply = await fetch(`${lab.peopleUrl}/api${path}`, post);
    return { status: reply.status, text: await reply.text() };
  };
  const active = (): ActiveModel => lab.store.activeModels.list()[0] as ActiveModel;
  const to = (state: string, after = 0): Promise<LabEvent> =>
    lab.events.waitFor((event) => event.seq > after && event.details?.['to'] === state, AbortSignal.timeout(5000));
  const says = (text: RegExp): Promise<LabEvent> =>
    lab.events.waitFor(({ message }) => text.test(message), AbortSignal.timeout(5000));

  /** A node that is installed, with a broker of these settings. */
  const install = async (broker: Record<string, unknown> = {}, path = ':memory:'): Promise<void> => {
    await open(path);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    const added = await api('POST', '/brokers', { name: 'awx', url, ...broker });
    assert.equal(added.status, 201, added.text);
    secret = (JSON.parse(added.text) as { secret?: string }).secret ?? '';
    await api('POST', '/models', { label: 'm', template: 'debian' });
    await api('POST', '/policies', { label: 'p', model: 'm', broker: 'awx' });
    await register(lab.nodesUrl, ID, { serial: 'S1' });
    await checkin(lab.nodesUrl, ID);
    const base = `${lab.nodesUrl}/razor/api/policy/callback/${active().uuid}`;
    for (const step of ['preseed/start', 'preseed/end', 'postinstall/final']) await fetch(`${base}/${step}`);
  };

  it('is signed with a secret that is told once, and names the node', async () => {
    await install({ secret: true });
    await to('broker_success');
    const { headers, body } = asked[0] as Asked;
    assert.equal((JSON.parse(body) as { facts: unknown; policy: string }).policy, 'p');
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
    assert.equal(headers['webhook-signature'], `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    assert.equal(headers['webhook-timestamp'], String(Math.floor(clock.wall().getTime() / 1000)));
    const { text } = await api('GET', '/brokers');
    assert.match(text, /"signed":true/);
    assert.doesNotMatch(text, /whsec/);
    assert.equal((await api('POST', '/brokers', { name: 'x', url: 'http://a/', secret: 'sesame' })).status, 422);
  });

  it('that fails for a while is tried again with growing pauses, under the same id', async () => {
    answers = [503, 0, 429, 200];
    await install();
    for (const [attempt, pauseS] of [
      [1, 5],
      [2, 30],
      [3, 120],
    ] as const) {
      await says(new RegExp(`attempt ${attempt} of 6, the next one in ${pauseS} s`));
      assert.equal(active().state, 'os_complete');
      assert.match(
        (await api('GET', '/active-models')).text,
        new RegExp(`"handover":"attempt ${attempt} of 6: awx .*next `),
      );
      await clock.advance(pauseS * 1200);
    }
    await to('broker_success');
    assert.equal(asked.length, 4);
    assert.equal(new Set(asked.map(({ headers }) => headers['webhook-id'])).size, 1);
  });

  it('has failed after its last attempt, or at once where the broker refuses; it is shown and repeated by hand', async () => {
    answers = [500];
    await install({ attempts: 2 });
    await says(/attempt 1 of 2/);
    await clock.advance(6000);
    const failed = await to('broker_fail');
    assert.match(
      failed.message,
      /awx answered 500, at the last of 2 attempts; lab active-model handover \w{22} tries again/,
    );
    const node = lab.store.nodes.list()[0]?.uuid;
    assert.match(
      await (await fetch(`${lab.peopleUrl}/nodes/${node}`)).text(),
      /hand-over, attempt 2 of 2: awx answered 500/,
    );
    const again = (body: unknown = {}): Promise<{ status: number; text: string }> =>
      api('POST', `/active-models/${active().uuid}/handover`, body);
    answers = [403];
    assert.equal((await again()).status, 200);
    await to('broker_fail', failed.seq);
    assert.equal(active().handOver?.attempts, 1, 'no is no');
    answers = [200];
    assert.equal((await again()).status, 200);
    const taken = await to('broker_success');
    assert.match((await again()).text, /taken it over already/);
    assert.equal((await again({ force: true })).status, 200);
    await to('broker_success', taken.seq);
    assert.equal(
      new Set(asked.map(({ headers }) => headers['webhook-id'])).size,
      4,
      'each by hand is a delivery of its own',
    );
  });

  it('goes on where it was after a restart of the lab', async () => {
    const path = db('lab.db');
    answers = [503];
    await install({}, path);
    await says(/attempt 1 of 6/);
    await clock.advance(6000);
    await says(/attempt 2 of 6/);
    await lab.close();
    answers = [200];
    await open(path);
    await clock.whenAsleep();
    assert.equal(asked.length, 2, 'the pause is kept');
    await clock.advance(36_000);
    await to('broker_success');
    assert.equal(active().handOver?.attempts, 3);
    assert.equal(new Set(asked.map(({ headers }) => headers['webhook-id'])).size, 1);
  });

  it('without a broker is none, and says so', async () => {
    await install();
    await to('broker_success');
    await lab.store.write(() => {
      const { uuid } = lab.store.nodes.create({ dialect: 'razor', hwIds: ['525400000002'], at: 0, allowed: true });
      const { id } = lab.store.nodes.get(uuid) ?? { id: 0 };
      const model = lab.store.models.list()[0];
      assert.ok(model);
      const rest = { policy: 'x', policyLabel: 'x', broker: undefined, state: 'complete_no_broker', bound: 0 };
      lab.store.activeModels.bind({ node: id, model, ...rest });
    });
    const { uuid } = lab.store.activeModels.list()[1] as ActiveModel;
    const { status, text } = await api('POST', `/active-models/${uuid}/handover`, {});
    assert.deepEqual([status, /x named no broker/.test(text)], [409, true]);
  });
});
