import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startLab, type Lab } from '../../../lab/lab-server.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const CARDS = ['52:54:00:AA:00:01', '52:54:00:aa:00:02'];

interface Asked {
  readonly lab: Lab;
  readonly ask: (macs: readonly string[]) => Promise<{ readonly status: number; readonly text: string }>;
  readonly state: () => string | undefined;
}

/** A lab with one node of two cards, which a model is for. */
async function asked(t: TestContext, template: string, faithful = false): Promise<Asked> {
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0 }, faithful });
  t.after(() => lab.close());
  const add = async (path: string, body: unknown): Promise<void> => {
    const headers = { 'content-type': 'application/json' };
    const reply = await fetch(`${lab.peopleUrl}/api${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.equal(reply.status, 201, await reply.text());
  };
  await add('/images', { type: 'os', path: temporaryDirectory(), name: 'i', version: '1', force: true });
  const metadata = { root_password: 'it’s "b" \\ \u007f', hostname_prefix: 'pve', install_device: '/dev/sda' };
  await add('/models', { label: 'm', template, image: 'i', metadata });
  await add('/policies', { label: 'p', model: 'm' });
  const ids = CARDS.map((mac) => mac.replaceAll(':', '').toUpperCase()).join('_');
  const send = (step: string, more: object): Promise<Response> =>
    fetch(
      `${lab.nodesUrl}/razor/api/node/${step}?json_hash=${encodeURIComponent(JSON.stringify({ hw_id: ids, last_state: 'idle', ...more }))}`,
    );
  await send('register', { attributes_hash: { rack: '7' } });
  await send('checkin', {});
  return {
    lab,
    async ask(macs) {
      const cards = macs.map((mac, at) => ({ link: `eno${at}`, mac }));
      const body = JSON.stringify({ product: { product: 'pve' }, dmi: { system: {} }, network_interfaces: cards });
      const headers = { 'content-type': 'application/json' };
      const reply = await fetch(`${lab.nodesUrl}/installer/proxmox`, { method: 'POST', headers, body });
      return { status: reply.status, text: await reply.text() };
    },
    state: () => lab.store.activeModels.list()[0]?.state,
  };
}

test('Proxmox VE asks one address for every machine, and is answered for the node that has one of its cards', async (t) => {
  const { ask, state } = await asked(t, 'proxmox');
  assert.equal(state(), 'init');
  const { status, text } = await ask(['02:00:00:00:00:99', CARDS[1] ?? '']);
  assert.equal(status, 200, text);
  assert.match(text, /^fqdn = "pve1\.localdomain"$/m);
  assert.match(text, /^root-password-hashed = "\$6\$/m);
  assert.match(text, /^disk-list = \["sda"\]$/m);
  assert.equal(state(), 'preinstall', 'who asks has started');
  const [, webhook = ''] = /^\[post-installation-webhook\]\nurl = "(\S+)"$/m.exec(text) ?? [];
  const [, first = ''] = /^ordering = "fully-up"\nurl = "(\S+)"$/m.exec(text) ?? [];
  assert.match(await (await fetch(first)).text(), /^#!\/bin\/sh\n[^]*postinstall\/boot[^]*postinstall\/final/);
  const headers = { 'content-type': 'application/json' };
  assert.equal((await fetch(webhook, { method: 'POST', headers, body: '{"fqdn":"pve1"}' })).status, 200);
  assert.equal(state(), 'postinstall');
  assert.equal((await ask(CARDS)).status, 410, 'the password’s hash is not to be had any more');
});

test('nobody else gets answers: no card, an unknown one, a node with another model', async (t) => {
  const { lab, ask, state } = await asked(t, 'debian');
  assert.match((await ask([])).text, /names no network card/);
  assert.match((await ask(['nonsense'])).text, /names no network card/);
  assert.deepEqual(await ask(['02:00:00:00:00:99']), { status: 404, text: 'no node has a card 020000000099\n' });
  assert.match((await ask(CARDS)).text, /is to get m, which is not Proxmox VE/);
  assert.equal(state(), 'init');
  for (const body of [
    '',
    '[]',
    '{"network_interfaces":"x"}',
    '{"network_interfaces":[null,1,{"mac":2}]}',
    'not JSON',
  ]) {
    const headers = { 'content-type': 'application/json' };
    const reply = await fetch(`${lab.nodesUrl}/installer/proxmox`, { method: 'POST', headers, body });
    assert.equal(reply.status, 400, body);
  }
});

test('a faithful lab has no such address', async (t) => {
  const { ask } = await asked(t, 'debian', true);
  assert.notEqual((await ask(CARDS)).status, 200);
});
