import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startLab, type Lab } from '../../../lab/lab-server.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const ID = '525400AA0001';

interface Bound {
  readonly lab: Lab;
  /** Answer of one of the node's callbacks. */
  readonly call: (path: string) => Promise<{ readonly status: number; readonly text: string }>;
  /** The same below razor-server's addresses. */
  readonly file: (name: string) => Promise<{ readonly status: number; readonly text: string }>;
  /** Its address in a dialect; `stage NAME` is a stage of razor-server's. */
  readonly url: (dialect: 'razor' | 'razor-server', path: string) => string;
  readonly state: () => string | undefined;
}

async function get(url: string): Promise<{ readonly status: number; readonly text: string }> {
  const reply = await fetch(url);
  return { status: reply.status, text: await reply.text() };
}

/** A lab with one node that a model is at work on. */
async function bound(t: TestContext, template: string, files: Readonly<Record<string, string>> = {}): Promise<Bound> {
  const dir = temporaryDirectory();
  mkdirSync(join(dir, template));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, template, name), text);
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 }, taskFiles: dir });
  t.after(() => lab.close());
  const add = async (path: string, body: unknown): Promise<void> => {
    const headers = { 'content-type': 'application/json' };
    const reply = await fetch(`${lab.peopleUrl}/api${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    assert.equal(reply.status, 201, await reply.text());
  };
  await add('/images', { type: 'os', path: dir, name: 'i', version: '1' });
  await add('/models', { label: 'm', template, image: 'i', metadata: { root_password: 'sesame' } });
  await add('/policies', { label: 'p', model: 'm' });
  const facts = encodeURIComponent(
    JSON.stringify({ hw_id: ID, last_state: 'idle', attributes_hash: { rack: "7'; x" } }),
  );
  await fetch(`${lab.nodesUrl}/razor/api/node/register?json_hash=${facts}`);
  const hash = encodeURIComponent(JSON.stringify({ hw_id: ID, last_state: 'idle' }));
  await fetch(`${lab.nodesUrl}/razor/api/node/checkin?json_hash=${hash}`);
  const node = lab.store.nodes.find([ID])[0];
  const active = node && lab.store.activeModels.ofNode(node.id);
  assert.ok(active, 'the node is bound');
  return {
    lab,
    url: (dialect, path) =>
      dialect === 'razor'
        ? `${lab.nodesUrl}/razor/api/policy/callback/${active.uuid}/${path}`
        : path.startsWith('stage ')
          ? `${lab.razorServerUrl}/svc/stage-done/${active.node}-${active.uuid}?name=${path.slice(6)}`
          : `${lab.razorServerUrl}/svc/file/${active.node}-${active.uuid}/${path}`,
    call: (path) => get(`${lab.nodesUrl}/razor/api/policy/callback/${active.uuid}/${path}`),
    file: (name) => get(`${lab.razorServerUrl}/svc/file/${active.node}-${active.uuid}/${name}`),
    state: () => lab.store.activeModels.get(active.uuid)?.state,
  };
}

for (const dialect of ['razor', 'razor-server'] as const) {
  test(`an installer that cannot call back is done when it has read its last file (${dialect})`, async (t) => {
    const own = { 'config.yaml': 'hostname: {{yaml hostname}}\n', other: '{{yaml stage_done}}\n' };
    const { call, file, state } = await bound(t, 'talos', own);
    if (dialect === 'razor-server') {
      assert.match((await file('other')).text, /^"http:\S+\/svc\/stage-done\/\S+"\n$/);
      assert.equal((await file('raw/config.yaml')).text, own['config.yaml']);
    }
    assert.equal(state(), 'init');
    const read = await (dialect === 'razor' ? call('talos/config.yaml') : file('config.yaml'));
    assert.deepEqual(read, { status: 200, text: 'hostname: "node1"\n' });
    assert.equal(state(), 'postinstall');
  });
}

for (const dialect of ['razor', 'razor-server'] as const) {
  test(`a question in advance (HEAD) moves nothing, and an answer is sent no more when its installation is over (${dialect})`, async (t) => {
    const { url, state } = await bound(t, 'debian');
    const files = dialect === 'razor' ? 'preseed/file' : 'preseed';
    const ask = async (path: string, method: string): Promise<{ readonly status: number; readonly text: string }> => {
      const reply = await fetch(url(dialect, path), { method });
      return { status: reply.status, text: await reply.text() };
    };
    const end = dialect === 'razor' ? 'preseed/end' : 'stage preseed_end';
    for (const path of [files, end])
      assert.deepEqual(await ask(path, 'HEAD'), {
        status: dialect === 'razor' || path === files ? 200 : 204,
        text: '',
      });
    assert.equal(state(), 'init');
    assert.match((await ask(files, 'GET')).text, /passwd\/root-password-crypted password \$6\$/);
    await ask(end, 'GET');
    assert.equal(state(), 'postinstall');
    const late = await ask(files, 'GET');
    assert.equal(late.status, 410, late.text);
    assert.doesNotMatch(late.text, /\$6\$/);
    assert.match(late.text, /is over \(state postinstall\)/);
    // what the new system reads is there until it is ready
    const setup = dialect === 'razor' ? 'postinstall/setup' : 'first-boot-setup';
    assert.equal((await ask(setup, 'GET')).status, 200);
    await ask(dialect === 'razor' ? 'postinstall/final' : 'stage postinstall_final', 'GET');
    assert.equal(state(), 'complete_no_broker');
    assert.equal((await ask(setup, 'GET')).status, 410);
    const data = dialect === 'razor' ? 'postinstall/meta-data' : 'system-meta-data';
    assert.equal((await ask(data, 'GET')).status, 200, 'cloud-init reads it at every start');
  });
}

test('a file that does not exist moves nothing', async (t) => {
  const { call, state } = await bound(t, 'ubuntu');
  assert.equal((await call('autoinstall/end.cfg')).text, 'error\n');
  assert.equal((await call('autoinstall/user-data')).text.slice(0, 14), '#cloud-config\n');
  assert.equal(state(), 'init');
  await call('autoinstall/start');
  assert.equal(state(), 'preinstall');
  await call('autoinstall/error');
  assert.equal(state(), 'error_catch');
});

test('a file of one’s own comes first; one that would make code of a fact is not sent', async (t) => {
  const { call, state } = await bound(t, 'debian', {
    preseed: '# {{hostname}} {{callback_end}}\nd-i a/b string {{preseed rack}}\n',
    'first-boot-setup': 'rack={{rack}}\n',
  });
  const { status, text } = await call('preseed/file');
  assert.equal(status, 200);
  assert.match(text, /^# node1 http:\/\/\S+\/preseed\/end\nd-i a\/b string 7'; x\n$/);
  const refused = await call('postinstall/setup');
  assert.equal(refused.status, 422);
  assert.match(refused.text, /the fact rack holds characters that could be code/);
  assert.equal(state(), 'init');
});
