/** What razor-server hands to installers: /svc/file, /svc/broker, /svc/repo, and stages; and Hanlon's files on its one door. */
import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startLab, type Lab } from '../../lab/lab-server.ts';
import { rawRequest, type RawReply } from '../helpers/raw-http.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

const directory = temporaryDirectory();
const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), text);
};
put('secret', 'nobody reads this');
put('mk/boot/vmlinuz', 'microkernel');
put('mk/boot/core.gz', 'its initrd');
put('debian/install.amd/vmlinuz', 'installer kernel');
put('debian/install.amd/initrd.gz', 'installer initrd');
put('debian/Packages/README.TXT', 'read me');
put('tasks/debian/late.sh', 'host {{hostname}} of {{ mk_hw_bus_vendor }}, {{nothing}}, {{stage_done}}?name=late\n');
put('tasks/common/motd', 'welcome to {{hostname}}\n');
put('tasks/broker/chef/install', '#!/bin/sh\necho {{uuid}}\n');
symlinkSync(join(directory, 'secret'), join(directory, 'tasks/common/leak'));

describe('razor-server’s files', () => {
  let lab: Lab;
  let id: number;
  let unbound: number;
  const get = (path: string, ...headers: string[]): Promise<RawReply> =>
    rawRequest(lab.razorServerUrl ?? '', [`GET ${path} HTTP/1.1`, 'Host: rack.example:8150', ...headers]);
  const node = (): NonNullable<ReturnType<Lab['store']['nodes']['byId']>> => {
    const found = lab.store.nodes.byId(id);
    assert.ok(found);
    return found;
  };
  /** As its addresses name the bound node. */
  const own = (): string => `${id}-${lab.store.activeModels.ofNode(id)?.uuid ?? ''}`;
  const state = (): string | undefined => lab.store.activeModels.ofNode(id)?.state;
  const checkin = async (number: number, mac: string, vendor: string): Promise<string> => {
    const body = JSON.stringify({
      hw_id: 'x',
      facts: { macaddress: mac, mk_hw_bus_vendor: vendor, is_virtual: 'false' },
    });
    const lines = [`POST /svc/checkin/${number} HTTP/1.1`, 'Content-Type: application/json'];
    return (await rawRequest(lab.razorServerUrl ?? '', lines, body)).body;
  };
  before(async () => {
    lab = await startLab({
      ports: { nodes: 0, images: 0, people: 0, razorServer: 0 },
      razorServer: {},
      taskFiles: join(directory, 'tasks'),
    });
    const { store } = lab;
    await store.write(() => {
      const none = { kernelHash: undefined, initrdHash: undefined, hash: undefined, buildTime: undefined, added: 1 };
      const mk = { type: 'mk', name: 'mk', version: '1.0.0', kernel: 'boot/vmlinuz', initrd: 'boot/core.gz' } as const;
      store.images.add({ ...none, ...mk, path: join(directory, 'mk') });
      const os = { type: 'os', name: 'Debian', version: '12', kernel: undefined, initrd: undefined } as const;
      const image = store.images.add({ ...none, ...os, path: join(directory, 'debian') });
      const metadata = { hostname_prefix: 'rack' };
      const model = store.models.add({ label: 'm', template: 'debian', image: image.uuid, metadata });
      const broker = store.brokers.add({ name: 'chef', url: 'http://127.0.0.1:1/', attempts: 1 });
      const policy = { label: 'p', line: 0, enabled: true, maximum: 1, model: model.uuid, broker: broker.uuid };
      store.policies.add({ ...policy, tags: ['Acme'] });
    });
    const idOf = async (mac: string): Promise<number> =>
      (JSON.parse((await get(`/svc/nodeid?net0=${mac}`)).body) as { id: number }).id;
    id = await idOf('02:00:00:00:00:01');
    unbound = await idOf('02:00:00:00:00:02');
    assert.equal(await checkin(id, '02:00:00:00:00:01', 'Acme'), '{"action":"reboot"}', 'bound in the same answer');
    assert.equal(await checkin(unbound, '02:00:00:00:00:02', 'Other'), '{"action":"none"}');
  });
  after(() => lab.close());

  test('an installation is led by one listener: boot script, kernel, answers, stages, disk', async () => {
    const script = (await get('/svc/boot?net0=02:00:00:00:00:01')).body;
    const [, kernel = '', answersUrl = ''] = /^kernel (\S+) .*\burl=(\S+) /m.exec(script) ?? [];
    const base = 'http://rack.example:8150';
    assert.match(kernel, /^http:\/\/rack\.example:8150\/svc\/repo\/[^/]+\/install\.amd\/vmlinuz$/);
    assert.equal((await get(kernel.slice(base.length))).body, 'installer kernel');
    assert.equal(answersUrl, `${base}/svc/file/${own()}/preseed`);
    const answers = await get(answersUrl.slice(base.length));
    assert.deepEqual([answers.status, answers.headers['content-type']], [200, 'text/plain; charset=utf-8']);
    assert.match(answers.body, /get_hostname string rack1\n/);
    assert.equal(state(), 'init', 'reading moves nothing');
    const stages = [...answers.body.matchAll(/'http:\/\/rack\.example:8150(\/svc\/[^']+)'/g)].map(
      ([, path = '']) => path,
    );
    const [start = '', inject = '', end = ''] = stages;
    assert.equal(start, `/svc/stage-done/${own()}?name=preseed_start`);
    assert.equal((await get(start)).status, 204);
    assert.equal(state(), 'preinstall');
    const firstBoot = (await get(inject)).body;
    assert.equal((await get(end)).status, 204);
    assert.equal(state(), 'postinstall');
    assert.match((await get('/svc/boot?net0=02:00:00:00:00:01')).body, /booting from the local disk/);
    const finished = `/svc/stage-done/${own()}?name=finished`;
    assert.ok(firstBoot.includes(`${base}${finished}`), 'the new system’s first start says that it has finished');
    assert.equal((await get(finished)).status, 204);
    assert.equal(node().installed, 'p');
    await lab.events.waitFor(({ message }) => message.includes('broker_fail'), AbortSignal.timeout(10_000));
    assert.equal(state(), 'broker_fail', 'the broker was asked, and cannot be reached');
  });

  test('whoever counts numbers reads no file, runs no stage and learns nothing; the random part must be the node’s own', async () => {
    const other = lab.store.activeModels.ofNode(id)?.uuid ?? '';
    const before = state();
    for (const name of [`${id}`, `${unbound}`, '99', `${id}-`, `${id}-x`, `${unbound}-${other}`, 'abc', `-${other}`]) {
      for (const path of [`/svc/file/${name}/preseed`, `/svc/file/${name}/raw/motd`, `/svc/broker/${name}/install`]) {
        const reply = await get(path);
        assert.deepEqual([reply.status, /password|rack1/.test(reply.body)], [404, false], path);
      }
      assert.equal((await get(`/svc/stage-done/${name}?name=finished`)).status, 404, name);
    }
    assert.equal(state(), before);
    for (const [path, status] of [
      [`/svc/file/${own()}/kickstart`, 404],
      [`/svc/file/${own()}/nothing`, 404],
      [`/svc/file/${own()}/raw/nothing`, 404],
      [`/svc/broker/${own()}/install?script=nothing`, 404],
      [`/svc/repo/nothing/x`, 404],
      [`/svc/repo/debian`, 404],
      [`/svc/repo/debian/Packages`, 404],
    ] as const) {
      assert.equal((await get(path)).status, status, path);
    }
  });

  test('a fact that closes the quotes of a file of one’s own is not sent to the installer', async () => {
    await checkin(id, '02:00:00:00:00:01', '"; touch /tmp/owned; "');
    const reply = await get(`/svc/file/${own()}/late.sh`);
    assert.deepEqual([reply.status, reply.body.includes('owned')], [422, false]);
    assert.match(reply.body, /the fact mk_hw_bus_vendor holds characters that could be code/);
    assert.ok(lab.events.since(0).some(({ type, message }) => type === 'refused' && message.includes('late.sh')));
    await checkin(id, '02:00:00:00:00:01', 'Acme');
  });

  test('files of one’s own are filled in, or given as they are; those of the template come before the common ones', async () => {
    const active = lab.store.activeModels.ofNode(id);
    assert.ok(active);
    assert.equal((await get(`/svc/file/${own()}/late.sh`)).status, 410, 'the installation is over');
    const entry = { at: 0, oldState: active.state, action: 'again', method: 'test', result: '' };
    await lab.store.write(() => lab.store.activeModels.record(active, { ...entry, state: 'postinstall' }));
    const late = (await get(`/svc/file/${own()}/late.sh`)).body;
    assert.equal(late, `host rack1 of Acme, {{nothing}}, http://rack.example:8150/svc/stage-done/${own()}?name=late\n`);
    assert.equal((await get(`/svc/file/${own()}/raw/motd`)).body, 'welcome to {{hostname}}\n');
    assert.equal((await get(`/svc/file/${own()}/motd`)).body, 'welcome to rack1\n');
    assert.equal((await get(`/svc/broker/${own()}/install`)).body, `#!/bin/sh\necho ${node().uuid}\n`);
  });

  test('no path leads out of a directory', async () => {
    for (const path of [
      `/svc/file/${own()}/raw/leak`,
      `/svc/file/${own()}/leak`,
      `/svc/file/${own()}/raw/..%2f..%2fsecret`,
      `/svc/file/${own()}/raw/..`,
      `/svc/broker/${own()}/install?script=..%2f..%2f..%2fsecret`,
      '/svc/repo/debian/..%2fsecret',
      '/svc/repo/debian/../secret',
      '/svc/repo/..%2fsecret/x',
      '/svc/repo//secret',
    ]) {
      const reply = await get(path);
      assert.ok(reply.status === 404 || reply.status === 400, `${path}: ${reply.status}`);
      assert.doesNotMatch(reply.body, /nobody reads/);
    }
  });

  test('the repository finds names in any case, and serves parts of files', async () => {
    assert.equal((await get('/svc/repo/DEBIAN/packages/readme.txt')).body, 'read me');
    assert.equal((await get('/svc/repo/microkernel/vmlinuz0')).body, 'microkernel');
    assert.equal((await get('/svc/repo/Microkernel/INITRD0.img')).body, 'its initrd');
    const part = await get('/svc/repo/debian/Packages/README.TXT', 'Range: bytes=5-6');
    assert.deepEqual([part.status, part.body], [206, 'me']);
  });

  test('Hanlon’s nodes get image files and callbacks below its base path', async () => {
    const hanlon = (path: string): Promise<RawReply> =>
      rawRequest(lab.nodesUrl, [`GET /hanlon/api/v1${path} HTTP/1.1`, 'Host: h.example:8026']);
    const body = JSON.stringify({
      mac_id: '0200000000F1',
      last_state: 'idle',
      attributes_hash: { mk_hw_bus_vendor: 'New' },
    });
    const lines = ['POST /hanlon/api/v1/node/register HTTP/1.1', 'Content-Type: text/json'];
    assert.equal((await rawRequest(lab.nodesUrl, lines, body)).status, 201);
    const boot = '/boot?dhcp_mac=01-02-00-00-00-00-F1&mac_id=02:00:00:00:00:F1';
    const mk = (await hanlon(boot)).body;
    const [, url = ''] = /^kernel (\S+) maxcpus=1/m.exec(mk) ?? [];
    const base = 'http://h.example:8026/hanlon/api/v1'.replace('8026', new URL(lab.nodesUrl).port);
    assert.ok(url.startsWith(`${base}/image/mk/`), url);
    assert.equal((await hanlon(url.slice(base.length))).body, 'microkernel');
    assert.equal((await hanlon('/image/mk/none/boot/vmlinuz')).status, 404);
    await lab.store.write(() => {
      const model = lab.store.models.list()[0];
      assert.ok(model);
      const policy = { label: 'h', line: 1, enabled: true, maximum: 0, model: model.uuid, broker: undefined };
      lab.store.policies.add({ ...policy, tags: ['New'] });
    });
    await hanlon('/node/checkin?mac_id=0200000000F1&last_state=idle');
    const installer = (await hanlon(boot)).body;
    const [, answers = ''] = /\burl=(\S+) /.exec(installer) ?? [];
    assert.match(answers, /\/hanlon\/api\/v1\/policy\/callback\/\w+\/preseed\/file$/);
    assert.match((await hanlon(answers.slice(base.length))).body, /get_hostname string rack1\n/);
    const wrong = await hanlon('/policy/callback/none/preseed/file');
    assert.deepEqual([wrong.status, wrong.body.includes('InvalidUUID')], [400, true]);
  });
});
