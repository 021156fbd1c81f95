import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { textTable } from '../../../lab/cli/print.ts';
import { startLab, type Lab } from '../../../lab/lab-server.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

describe('the management API', () => {
  let lab: Lab;
  const directory = temporaryDirectory();
  before(async () => {
    lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 } });
  });
  after(() => lab.close());
  const ask = async (path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const reply = await fetch(`${lab.peopleUrl}/api${path}`, body === undefined ? {} : post);
    return (await reply.json()) as Record<string, unknown>;
  };

  it('refuses in words: what is missing, what is of another kind, and what there is instead', async () => {
    await lab.store.write(() => {
      lab.store.models.add({ label: 'bookworm', template: 'debian', image: undefined, metadata: {} });
    });
    for (const [path, body, error] of [
      ['/policies', { model: 'bookworm' }, /^label: is missing$/],
      ['/policies', { label: 'p' }, /^model: is missing$/],
      ['/policies', { label: 'p', model: 'bookworm', enabled: 'yes' }, /^enabled: must be of type boolean$/],
      ['/policies', { label: 'p', model: 'bookworm', maximum: 1.5 }, /^maximum: must be of type whole number$/],
      ['/policies', { label: 'p', model: 'bullseye' }, /^unknown model bullseye; known: bookworm$/],
      ['/policies', { label: 'p', model: 'bookworm', broker: 'b' }, /^unknown broker b; no broker exists$/],
      ['/models', { label: 'm', template: 'debain' }, /^template: unknown template debain; did you mean debian/],
      ['/brokers', { name: 'b', url: 'example.com' }, /^url: must be a URL: http:/],
      ['/images', { type: 'floppy', path: '/x' }, /^type: must be one of mk, os, esxi, xenserver, disk$/],
      ['/tags', { name: 't', tag: 't', matchers: [{ key: 'a' }] }, /^matchers\.0\.compare: is missing$/],
      ['/policies', { label: 'p', model: 'bookworm', maximum: -1 }, /^maximum: must be at least 0$/],
    ] as const) {
      assert.match(String((await ask(path, body))['error']), error, JSON.stringify(body));
    }
  });

  it('refuses names that mean nothing, with those that do, unless it is forced', async () => {
    const model = { label: 'locked', template: 'debian', metadata: { root_passwrd: 'x' } };
    const policy = { label: 'nowhere', model: 'bookworm' };
    for (const [path, body, error] of [
      [
        '/models',
        model,
        /^metadata: no installer reads the setting root_passwrd; did you mean root_password\? “force”/,
      ],
      ['/policies', { ...policy, tags: ['nisc_2'] }, /^tags: no rule gives the tag nisc_2; did you mean nics_2\?/],
      ['/policies', { ...policy, tags: ['nics_2,big'] }, /^tags: no tag can be "nics_2,big": "," is dropped/],
      ['/policies', { ...policy, tags: ['nics_x'] }, /^tags: no rule gives the tag nics_x/],
      ['/policies', { ...policy, tags: ['two'] }, /^tags: no rule gives the tag two/],
    ] as const) {
      assert.match(String((await ask(path, body))['error']), error, JSON.stringify(body));
      if (path === '/policies') assert.deepEqual(await ask(path), [], 'nothing was kept');
    }
    assert.equal((await ask('/models', { ...model, force: true }))['label'], 'locked');
    const kept = await ask('/policies', { ...policy, tags: ['two'], force: true });
    assert.deepEqual(kept['tags'], ['two']);
    await fetch(`${lab.peopleUrl}/api/policies/nowhere`, { method: 'DELETE' });
  });

  it('takes tags that a rule gives, the name of a maker, and a Hanlon node’s id; a rule that a policy needs stays', async () => {
    await ask('/tags', { name: 'big', tag: 'big', matchers: [{ key: 'memorysize_mb', compare: 'like', value: '^9' }] });
    for (const tag of ['nics_2', 'kvm_vm', 'big', 'DellInc', '525400AABB01', '564D2E7A-0C3B-11EE-BE56-0242AC120002']) {
      const made = await ask('/policies', { label: tag, model: 'bookworm', tags: [tag] });
      assert.deepEqual(made['tags'], [tag], JSON.stringify(made));
    }
    const remove = async (path: string): Promise<number> =>
      (await fetch(`${lab.peopleUrl}/api${path}`, { method: 'DELETE' })).status;
    assert.equal(await remove('/tags/big'), 409);
    assert.equal(await remove('/tags/big?force=1'), 200);
    for (const { label } of (await ask('/policies')) as unknown as { label: string }[])
      await remove(`/policies/${label}`);
  });

  it('explains a node policy by policy, over the API and on its page', async () => {
    const uuid = await lab.store.write(() => {
      const node = lab.store.nodes.create({ dialect: 'razor', hwIds: ['525400AABB02'], at: Date.now(), allowed: true });
      lab.store.nodes.setFacts(node.id, { mk_hw_nic_count: '1' }, 'idle', Date.now());
      return node.uuid;
    });
    await ask('/policies', { label: 'two nics', model: 'bookworm', tags: ['nics_2'] });
    const { summary, policies } = (await ask('/nodes/525400AABB02/explain')) as {
      summary: string;
      policies: { lines: string[]; lacks: { rules: { because: unknown; change: unknown }[] }[] }[];
    };
    assert.equal(summary, 'no policy fits');
    assert.deepEqual(policies[0]?.lines, [
      'two nics does not fit',
      '  lacks nics_2: mk_hw_nic_count is "1"; wanted: reads "2"; from /sys/class/net (rule nics)',
      '    it would take: mk_hw_nic_count = "2"',
    ]);
    assert.deepEqual(policies[0].lacks[0]?.rules[0]?.change, [
      { fact: 'mk_hw_nic_count', from: '1', to: '2', wants: 'reads "2"' },
    ]);
    const page = await (await fetch(`${lab.peopleUrl}/nodes/${uuid}`)).text();
    assert.match(page, /lacks nics_2: mk_hw_nic_count is &quot;1&quot;/);
    await fetch(`${lab.peopleUrl}/api/policies/two%20nics`, { method: 'DELETE' });
    await fetch(`${lab.peopleUrl}/api/nodes/${uuid}`, { method: 'DELETE' });
  });

  it('gives addresses and counts by names of their own, and times as people read them', async () => {
    writeFileSync(join(directory, 'vmlinuz'), 'k');
    writeFileSync(join(directory, 'core.gz'), 'i');
    const image = await ask('/images', { type: 'mk', path: directory, kernel: 'vmlinuz', initrd: 'core.gz' });
    assert.match(String(image['added']), /^\d{4}-\d\d-\d\dT/);
    const status = await ask('/status');
    assert.equal(status['images'], lab.imagesUrl);
    assert.equal(status['imagesKnown'], 1);
  });

  it('lists more nodes than it reads in one go, and finds one by the start of its UUID', async () => {
    await lab.store.write(() => {
      for (let i = 0; i < 250; i++) {
        lab.store.nodes.create({ dialect: 'razor', hwIds: [`02${String(i).padStart(10, '0')}`], at: 1, allowed: true });
      }
    });
    const nodes = (await ask('/nodes')) as unknown as { uuid: string; id: number; hwIds: string[] }[];
    assert.equal(nodes.length, 250);
    assert.deepEqual(
      nodes.map(({ hwIds }) => hwIds[0]),
      Array.from({ length: 250 }, (_, i) => `02${String(i).padStart(10, '0')}`),
    );
    const one = nodes[123];
    assert.equal((await ask(`/nodes/${one?.uuid.slice(0, 12)}`))['id'], one?.id);
    assert.match(String((await ask('/nodes/zzzzzzzz'))['error']), /unknown node zzzzzzzz/);
    assert.match(String((await ask('/nodes/zz'))['error']), /unknown node zz/);
  });
});

it('columns of a table have their words apart', () => {
  const surface = { out: () => undefined, interactive: false, columns: 80, colour: false };
  assert.equal(
    textTable([{ lastContact: 'now', uuid: 'x' }], ['lastContact', 'uuid'], surface),
    'LAST CONTACT  UUID\nnow           x\n',
  );
});
