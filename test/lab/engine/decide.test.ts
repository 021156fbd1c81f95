import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import { expireNodes } from '../../../lab/engine/expiry.ts';
import { installerOf } from '../../../lab/installers/registry.ts';
import { FAMILY_IMAGE } from '../../../lab/installers/templates.ts';
import { TEMPLATES } from '../../../lab/installers/templates.ts';
import { startLab, type Lab } from '../../../lab/lab-server.ts';
import type { LabOptions } from '../../../lab/lab-settings.ts';
import { fakeClock, type FakeClock } from '../../helpers/fake-clock.ts';
import { checkin, register } from '../../helpers/lab-process.ts';

const NO_PORTS = { nodes: 0, images: 0, people: 0, razorServer: 0 };
const ID = '525400000001';

describe('what a check-in is answered', () => {
  let lab: Lab;
  let clock: FakeClock;
  const start = async (options: LabOptions = {}): Promise<void> => {
    clock = fakeClock();
    lab = await startLab({ ports: NO_PORTS, clock, ...options });
  };
  beforeEach(() => start());
  afterEach(() => lab.close());

  const api = async (method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> => {
    const reply = await fetch(`${lab.peopleUrl}/api${path}`, {
      method,
      ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return { status: reply.status, body: (await reply.json()) as unknown };
  };
  const made = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const reply = await api('POST', path, body);
    assert.equal(reply.status, 201, JSON.stringify(reply.body));
    return reply.body as Record<string, unknown>;
  };
  const policy = async (label: string, more: Record<string, unknown> = {}): Promise<Record<string, unknown>> => {
    const models = (await api('GET', '/models')).body as unknown[];
    if (models.length === 0) await made('/models', { label: 'm', template: 'debian' });
    return await made('/policies', { label, model: 'm', ...more });
  };
  const boundTo = (id = ID): string | undefined => {
    const node = lab.store.nodes.find([id])[0];
    return node && lab.store.activeModels.ofNode(node.id)?.policyLabel;
  };
  const lastReason = (): string => lab.events.since(0).findLast((event) => event.type === 'checkin')?.message ?? '';

  it('register to a first check-in, with nothing read or written', async () => {
    await register(lab.nodesUrl, ID, { a: '1' });
    const before = lab.store.nodes.find([ID])[0];
    await clock.advance(5000);
    assert.equal(await checkin(lab.nodesUrl, ID, '&first_checkin=true'), 'register');
    assert.deepEqual(lab.store.nodes.find([ID])[0], before);
  });

  it('register to a stranger, acknowledge to a node that no policy fits, with the reason in words', async () => {
    assert.equal(await checkin(lab.nodesUrl, ID), 'register');
    assert.match(lastReason(), /no known node has one of its ids/);
    await register(lab.nodesUrl, ID, { a: '1' });
    await policy('virtual', { tags: ['kvm_vm'] });
    assert.equal(await checkin(lab.nodesUrl, ID), 'acknowledge');
    assert.match(lastReason(), /no policy fits: virtual wants kvm_vm/);
  });

  it('whatever is forced, as it stands, before anything else that is known of the node', async () => {
    await register(lab.nodesUrl, ID, { a: '1' });
    assert.equal((await api('PATCH', `/nodes/${ID}`, { forcedAction: 'shutdown' })).status, 200);
    await clock.advance(200_000);
    assert.equal(await checkin(lab.nodesUrl, ID), 'shutdown');
    const param = { kernel: 'http://127.0.0.1/linux' };
    await api('PATCH', `/nodes/${ID}`, { forcedAction: 'kexec', forcedParam: param });
    const reply = await fetch(`${lab.nodesUrl}/razor/api/node/checkin?hw_id=${ID}&last_state=idle`);
    const { response } = (await reply.json()) as { response: unknown };
    assert.deepEqual(response, { command_name: 'kexec', command_param: param });
    await api('PATCH', `/nodes/${ID}`, { forcedAction: null });
    assert.equal(await checkin(lab.nodesUrl, ID), 'acknowledge');
    assert.equal((await api('PATCH', `/nodes/${ID}`, { forcedAction: 'rm -rf /' })).status, 422);
  });

  it('the first policy in order that is enabled, under its maximum, and all of whose tags the node has', async () => {
    await policy('off', { enabled: false });
    await policy('tagged', { tags: ['nics_2', 'kvm_vm'] });
    await policy('one only', { maximum: 1 });
    await policy('the rest');
    for (const id of [ID, '525400000002']) {
      await register(lab.nodesUrl, id, { mk_hw_nic_count: '2' });
      assert.equal(await checkin(lab.nodesUrl, id), 'acknowledge');
      assert.equal(await checkin(lab.nodesUrl, id), 'reboot');
    }
    assert.equal(boundTo(), 'one only');
    assert.equal(boundTo('525400000002'), 'the rest');
    await api('PATCH', '/policies/tagged', { line: 3 });
    await api('PATCH', '/policies/off', { enabled: true });
    const order = (await api('GET', '/policies')).body as { label: string; line: number }[];
    assert.deepEqual(
      order.map(({ line, label }) => `${line} ${label}`),
      ['0 off', '1 one only', '2 the rest', '3 tagged'],
    );
    await register(lab.nodesUrl, '525400000003', { mk_hw_nic_count: '2' });
    await checkin(lab.nodesUrl, '525400000003');
    assert.equal(boundTo('525400000003'), 'off');
  });

  it('never a policy to a new node that is protected, until somebody allows it', async () => {
    await lab.close();
    await start({ protectNewNodes: true });
    await policy('all');
    await register(lab.nodesUrl, ID, { a: '1' });
    assert.equal(await checkin(lab.nodesUrl, ID), 'acknowledge');
    assert.equal(await checkin(lab.nodesUrl, ID), 'acknowledge');
    assert.equal(boundTo(), undefined);
    assert.match(lastReason(), /protected until somebody allows/);
    assert.equal((await api('PATCH', `/nodes/${ID}`, { allowed: true })).status, 200);
    assert.equal(await checkin(lab.nodesUrl, ID), 'acknowledge');
    assert.equal(await checkin(lab.nodesUrl, ID), 'reboot');
  });

  it('register for ever where the interval is longer than the register timeout, bound or not', async () => {
    await policy('all');
    await register(lab.nodesUrl, ID, { a: '1' });
    for (let i = 0; i < 3; i++) {
      await clock.advance(121_000);
      assert.equal(await checkin(lab.nodesUrl, ID), 'register');
    }
    assert.equal(boundTo(), undefined);
  });

  it('register to an unbound node that was silent for five minutes and is forgotten; a bound one is kept', async () => {
    await register(lab.nodesUrl, ID, { a: '1' });
    await policy('two nics', { tags: ['nics_2'] });
    await register(lab.nodesUrl, '525400000002', { mk_hw_nic_count: '2' });
    await checkin(lab.nodesUrl, '525400000002');
    await clock.advance(299_000);
    assert.equal(await expireNodes(lab.core), 0);
    await clock.advance(40_000);
    await lab.events.waitFor((event) => event.type === 'expired', AbortSignal.timeout(5000));
    assert.equal(lab.store.nodes.find([ID]).length, 0);
    assert.equal(lab.store.nodes.find(['525400000002']).length, 1);
  });

  it('acknowledge to an unbound node however long it was silent, where expiry is 0: nothing is ever forgotten', async () => {
    await lab.close();
    await start({ timing: { nodeExpireMs: 0, registerTimeoutMs: 1e12 } });
    await register(lab.nodesUrl, ID, { a: '1' });
    await clock.advance(3_600_000);
    assert.equal(await expireNodes(lab.core), 0);
    assert.equal(lab.store.nodes.count(), 1);
    assert.equal(await checkin(lab.nodesUrl, ID), 'acknowledge');
  });

  it('from the union of all ids that were ever registered, with the facts of the last register alone', async () => {
    await register(lab.nodesUrl, `${ID}_525400000002`, { a: '1', b: '2' });
    await register(lab.nodesUrl, `525400000002_525400000003`, { a: '3' });
    const node = lab.store.nodes.find([ID])[0];
    assert.ok(node);
    assert.deepEqual(lab.store.nodes.hwIds(node.id), [ID, '525400000002', '525400000003']);
    assert.deepEqual(lab.store.nodes.facts(node.id), { a: '3' });
    assert.equal(lab.store.nodes.count(), 1);
  });

  it('the same node to six registers of one new machine at once', async () => {
    const replies = await Promise.all(Array.from({ length: 6 }, () => register(lab.nodesUrl, ID, { a: '1' })));
    assert.ok(replies.every((reply) => reply.status === 200));
    assert.equal(lab.store.nodes.count(), 1);
  });

  it('by a model of any family, whose installer’s answers carry its callbacks', async () => {
    for (const [i, template] of TEMPLATES.entries()) {
      const installer = installerOf(template.name);
      // it cannot be added without a file of the site's own
      if (installer?.ownFile !== undefined) continue;
      // nothing is booted for it (write-order.test.ts)
      if (installer?.load === undefined) continue;
      const id = `5254000001${i.toString(16).padStart(2, '0').toUpperCase()}`;
      const label = `model ${template.name}`;
      await made('/models', { label, template: template.name, metadata: { root_password: 'a<b>&c' } });
      await made('/policies', { label: template.name, model: label, maximum: 1 });
      await register(lab.nodesUrl, id, { a: '1' });
      await checkin(lab.nodesUrl, id);
      assert.equal(await checkin(lab.nodesUrl, id), 'reboot', template.name);
      const node = lab.store.nodes.find([id])[0];
      const active = node && lab.store.activeModels.ofNode(node.id);
      const base = `${lab.nodesUrl}/razor/api/policy/callback/${active?.uuid}`;
      // a model without an image cannot be installed, and says so on the console
      assert.match(await (await fetch(`${lab.nodesUrl}/razor/api/boot?hw_id=${id}`)).text(), /has no image to install/);
      const image = await lab.store.write(() =>
        lab.store.images.add({
          type: FAMILY_IMAGE[template.family],
          name: label,
          version: '1',
          path: '/nowhere',
          kernel: undefined,
          initrd: undefined,
          kernelHash: undefined,
          initrdHash: undefined,
          hash: undefined,
          buildTime: undefined,
          added: 0,
        }),
      );
      await api('DELETE', `/active-models/${active?.uuid}`);
      await api('DELETE', `/policies/${template.name}`);
      await made('/models', {
        label: `${label} 2`,
        template: template.name,
        image: image.uuid,
        metadata: { root_password: 'a<b>&c' },
      });
      await made('/policies', { label: template.name, model: `${label} 2`, maximum: 1 });
      await checkin(lab.nodesUrl, id);
      const script = await (await fetch(`${lab.nodesUrl}/razor/api/boot?hw_id=${id}`)).text();
      assert.match(
        script,
        new RegExp(`^(kernel|module) ${lab.imagesUrl}/razor/image/\\w+/${image.uuid}/\\S+.* \\|\\| goto error$`, 'm'),
      );
      const again = node && lab.store.activeModels.ofNode(node.id);
      const uuid = again?.uuid ?? '';
      const callback = base.replace(active?.uuid ?? '', uuid);
      const word = installer?.word ?? '';
      for (const step of Object.keys(installer?.files ?? {})) {
        const file = await (await fetch(`${callback}/${word}/${step}`)).text();
        // a password stands in the files of installers that take no hash, as it must be written there
        assert.ok(!file.includes('a<b>'), `${template.name} ${step}`);
        assert.equal(file.includes('a&lt;b&gt;&amp;c'), word === 'answerfile' && step === 'file', template.name);
      }
      for (const step of ['start', 'end']) {
        assert.equal((await fetch(`${callback}/${word}/${step}`)).status, 200);
      }
      const final = await fetch(`${base.replace(active?.uuid ?? '', uuid)}/postinstall/final`);
      assert.equal(await final.text(), 'ok');
      assert.equal(lab.store.activeModels.get(uuid)?.state, 'complete_no_broker', template.name);
    }
  });
});

describe('a broker', () => {
  const asked: Record<string, unknown>[] = [];
  let status = 200;
  const server = createServer((request, reply) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      asked.push(JSON.parse(text) as Record<string, unknown>);
      reply.writeHead(status).end();
    });
  });
  after(() => server.close());

  for (const [code, state] of [
    [200, 'broker_success'],
    [403, 'broker_fail'],
    [202, 'broker_wait'],
  ] as const) {
    it(`that answers ${code} brings the node to ${state}`, async () => {
      status = code;
      if (!server.listening) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const lab = await startLab({ ports: NO_PORTS });
      try {
        await lab.store.write(() => {
          const model = lab.store.models.add({ label: 'm', template: 'debian', image: undefined, metadata: {} });
          const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/take`;
          const broker = lab.store.brokers.add({ name: 'puppet', url });
          const rest = { line: 0, enabled: true, maximum: 0, tags: [] };
          lab.store.policies.add({ label: 'p', model: model.uuid, broker: broker.uuid, ...rest });
        });
        await register(lab.nodesUrl, ID, { serial: 'S1' });
        await checkin(lab.nodesUrl, ID);
        const active = lab.store.activeModels.list()[0];
        const call = (path: string): Promise<Response> =>
          fetch(`${lab.nodesUrl}/razor/api/policy/callback/${active?.uuid}/${path}`);
        for (const step of ['preseed/start', 'preseed/end', 'postinstall/final']) await call(step);
        await lab.events.waitFor((event) => event.details?.['to'] === state, AbortSignal.timeout(5000));
        assert.equal(lab.store.activeModels.list()[0]?.state, state);
        assert.deepEqual(asked.at(-1)?.['facts'], { serial: 'S1' });
        if (state !== 'broker_wait') return;
        assert.equal(await checkin(lab.nodesUrl, ID), 'acknowledge');
        assert.equal((await call('broker/success')).status, 200);
        assert.equal(lab.store.activeModels.list()[0]?.state, 'broker_success');
      } finally {
        await lab.close();
      }
    });
  }
});
