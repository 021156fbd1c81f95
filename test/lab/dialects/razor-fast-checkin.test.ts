import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, it } from 'node:test';
import { startLab, type Lab } from '../../../lab/lab-server.ts';

const PORTS = { nodes: 0, images: 0, people: 0, razorServer: 0 };

describe('a check-in answered before the framework sees it', () => {
  let lab: Lab;
  const ask = (path: string, headers: Record<string, string> = {}): Promise<string> =>
    new Promise((resolve, reject) => {
      request(`${lab.nodesUrl}${path}`, { headers }, (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('end', () => {
          const head = reply.rawHeaders.map((word, i) => (reply.rawHeaders[i - 1] === 'Date' ? '' : word)).join('|');
          resolve(`${reply.statusCode}|${head}|${Buffer.concat(chunks).toString()}`);
        });
      })
        .on('error', reject)
        .end();
    });
  /** The same question in a form that only the framework's way takes. */
  const slowly = (path: string): string => `${path}&x=1`;
  const checkin = (id: string, more = ''): string => `/razor/api/node/checkin?hw_id=${id}&last_state=idle${more}`;
  const add = (hwIds: string[], facts = {}): Promise<number> =>
    lab.store.write(() => {
      const node = lab.store.nodes.create({ dialect: 'razor', hwIds, at: Date.now(), allowed: true });
      lab.store.nodes.setFacts(node.id, facts, 'idle', Date.now());
      return node.id;
    });
  before(async () => {
    lab = await startLab({ ports: PORTS, microkernel: { pushed: { mk_note: 'grüße' } } });
  });
  after(() => lab.close());

  it('is byte for byte what the framework answers, for every kind of node', async () => {
    await add(['020000000001', '020000000002']);
    const forced = await add(['020000000003']);
    await lab.store.write(() => lab.store.nodes.update(forced, { forcedAction: 'põweroff' }));
    const questions = [
      checkin('020000000001'),
      checkin('020000000001_020000000002'),
      checkin('02:00:00:00:00:01'),
      checkin('020000000001_'),
      checkin('020000000001', '&first_checkin=true'),
      checkin('020000000003'),
      checkin('02000000FFFF'),
      checkin('_'),
      checkin('___'),
      checkin('x'.repeat(65)),
      checkin(Array.from({ length: 65 }, (_, i) => i.toString(16).padStart(12, '0')).join('_')),
    ];
    for (const path of questions) assert.equal(await ask(path), await ask(slowly(path)), path);
    const host = { host: 'name.example:1234' };
    const named = await ask(checkin('020000000001'), host);
    assert.match(named, /"mk_uri":"http:\/\/name\.example:/);
    assert.equal(named, await ask(slowly(checkin('020000000001')), host));
  });

  it('is an event, a contact and an exchange like any other', async () => {
    const id = await add(['0200000000AA']);
    const version = lab.store.nodes.byId(id)?.version ?? 0;
    const seen = (path: string): Promise<unknown> => {
      const from = lab.events.last;
      return ask(path).then(() => {
        const events = lab.events.since(from).map(({ type, message, command, details }) => ({
          type,
          message,
          command,
          details,
        }));
        const { seq: _seq, at: _at, durationMs: _ms, replyHeaders, ...rest } = lab.exchanges.list().at(-1) ?? {};
        return { events, exchange: { ...rest, type: replyHeaders?.['content-type'] } };
      });
    };
    const path = checkin('0200000000AA');
    const quick = await seen(path);
    const slow = JSON.stringify(await seen(slowly(path))).replace(slowly(path), path);
    assert.deepEqual(quick, JSON.parse(slow));
    assert.equal(lab.store.nodes.byId(id)?.version, version + 2);
  });

  it('leaves to the framework what has to be written: a node is bound by its check-in, and told to reboot by the next', async () => {
    await lab.store.write(() => {
      const model = lab.store.models.add({ label: 'm', template: 'debian', image: undefined, metadata: {} });
      const policy = { label: 'p', line: 0, enabled: true, maximum: 1, model: model.uuid, broker: undefined };
      lab.store.policies.add({ ...policy, tags: ['cpus_7'] });
    });
    const node = await add(['0200000000BB'], { mk_hw_cpu_count: '7' });
    const other = await add(['0200000000CC'], { mk_hw_cpu_count: '7' });
    assert.match(await ask(checkin('0200000000BB')), /"command_name":"acknowledge"/);
    const active = lab.store.activeModels.ofNode(node);
    assert.equal(active?.policyLabel, 'p');
    assert.match(await ask(checkin('0200000000BB')), /"command_name":"reboot"/);
    assert.equal(lab.store.activeModels.log(active?.id ?? 0).length, 1, 'and its model’s log says so');
    assert.match(await ask(checkin('0200000000CC')), /"command_name":"acknowledge"/);
    assert.equal(lab.store.activeModels.ofNode(other), undefined, 'the policy has its one');
  });
});
