/** A lab that has an image written, and the real program that writes it to a file that stands for its disk: the two sides were written apart. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startLab, type Lab } from '../../lab/lab-server.ts';
import type { ActiveModel } from '../../lab/store/records.ts';
import type { LabOptions } from '../../lab/lab-settings.ts';
import { must } from '../../tinycore/image/programs.ts';
import { agentProcess, type AgentProcess } from '../helpers/agent-process.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { addToTree } from '../helpers/tree.ts';
import { EFI, gptImage, LINUX } from '../agent/disk-image/tables/tables.ts';

const MIB = 2 ** 20;
const DISK_BYTES = 5 * 2 ** 30; // sparse
const USER_DATA = '#cloud-config\nruncmd: [[touch, /mine]]\n';

interface World {
  readonly lab: Lab;
  readonly dir: string;
  readonly image: Buffer;
  /** Of the disk. */
  bytes(offset: number, length: number): Buffer;
  active(): ActiveModel;
  /** `state: result`, oldest first, without the answers of check-ins. */
  log(): string[];
  api(method: string, path: string, body?: unknown): Promise<{ status: number; json: Record<string, unknown> }>;
  agent(dialect: Dialect, more?: { words?: string; withDisk?: boolean }): Promise<AgentProcess>;
}

type Dialect = 'razor' | 'hanlon' | 'razor-server';

async function world(t: TestContext, options: LabOptions = {}): Promise<World> {
  const dir = temporaryDirectory(t);
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 }, ...options });
  t.after(() => lab.close());
  const image = gptImage((8 * MIB) / 512, [
    { type: EFI, name: 'esp', first: 2048, last: 4095 },
    { type: LINUX, name: 'root', first: 4096, last: (8 * MIB) / 512 - 35 },
  ]);
  randomBytes(3 * MIB).copy(image, 4096 * 512);
  writeFileSync(join(dir, 'cloud.raw'), image);
  const disk = join(dir, 'disk');
  writeFileSync(disk, Buffer.alloc(2 * MIB, 0xee));
  truncateSync(disk, DISK_BYTES);
  addToTree(join(dir, 'root'), {
    'sys/class/net/eth0/type': '1\n',
    'sys/class/net/eth0/ifindex': '2\n',
    'sys/class/net/eth0/address': '52:54:00:ab:cd:01\n',
    'sys/class/net/eth0/addr_assign_type': '0\n',
    'sys/class/net/eth0/device/vendor': '0x8086\n',
    'sys/class/dmi/id/product_uuid': '564d5a12-0f3c-4b1e-9a77-52540012abcd\n',
  });
  writeFileSync(join(dir, 'resolv.conf'), '');
  const active = (): ActiveModel => lab.store.activeModels.list()[0] as ActiveModel;
  return {
    lab,
    dir,
    image,
    active,
    bytes(offset, length) {
      const fd = openSync(disk, 'r');
      const into = Buffer.alloc(length);
      readSync(fd, into, 0, length, offset);
      closeSync(fd);
      return into;
    },
    log: () =>
      lab.store.activeModels
        .log(active().id)
        .filter(({ action }) => action !== 'mk_call')
        .map(({ state, action, result }) => `${state}: ${action}: ${result}`),
    async api(method, path, body) {
      const headers = { 'content-type': 'application/json' };
      const post = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
      const reply = await fetch(`${lab.peopleUrl}/api${path}`, post);
      return { status: reply.status, json: (await reply.json()) as Record<string, unknown> };
    },
    async agent(dialect, { words = 'razor.allow_deploy=1', withDisk = true } = {}) {
      const { port } = new URL(dialect === 'razor-server' ? (lab.razorServerUrl ?? '') : lab.nodesUrl);
      const key =
        dialect === 'razor-server'
          ? `razor.register=http://127.0.0.1:${port}/svc/checkin`
          : `razor.ip=127.0.0.1:${port}`;
      const address = dialect === 'hanlon' ? `hanlon.ip=127.0.0.1:${port}` : key;
      writeFileSync(join(dir, 'cmdline'), `${address} razor.dialect=${dialect} ${words}\n`);
      const args = [
        '--cmdline',
        join(dir, 'cmdline'),
        '--root',
        join(dir, 'root'),
        '--resolv-conf',
        join(dir, 'resolv.conf'),
      ];
      const pace = ['--checkin-interval', '0.2', '--checkin-skew', '0', '--next-server-file', join(dir, 'none')];
      const disks = withDisk ? ['--disk-file', disk] : [];
      const agent = await agentProcess([...args, ...pace, ...disks], { stateDir: join(dir, 'state') });
      t.after(() => agent.stop());
      return agent;
    },
  };
}

/** The image as a person adds it, a model of it, and a policy for every node. */
async function offer({ api, dir }: World, model: Record<string, unknown> = {}): Promise<void> {
  const added = await api('POST', '/images', { path: join(dir, 'cloud.raw') });
  assert.equal(added.status, 201, JSON.stringify(added.json));
  const whole = { label: 'cloud', template: 'image', image: 'cloud', metadata: { hostname_prefix: 'web' }, ...model };
  const made = await api('POST', '/models', whole);
  assert.equal(made.status, 201, JSON.stringify(made.json));
  assert.equal((await api('POST', '/policies', { label: 'all', model: 'cloud' })).status, 201);
}

const leaves = (agent: AgentProcess): Promise<void> =>
  agent.until('a restart', (events) => events.some(({ event }) => event === 'leaving'), 30_000);

/** The files of the volume in the last partition of a disk, by the words of mtools. */
async function cloudFile(dir: string, name: string): Promise<string> {
  const at = DISK_BYTES - 65 * MIB;
  const { stdout } = await must(['mtype', '-i', `${join(dir, 'disk')}@@${at}`, `::/${name}`]);
  return stdout.toString();
}

for (const dialect of ['razor', 'hanlon', 'razor-server'] as const) {
  test(`${dialect}: an image is bound, written, checked and booted, and the new system ends the story`, async (t) => {
    const place = await world(t);
    const { dir, image } = place;
    await offer(place, { userData: USER_DATA });
    const agent = await place.agent(dialect);
    await leaves(agent);
    await agent.stop();
    const [from, to] = [2048 * 512, 8 * MIB - 34 * 512];
    assert.ok(place.bytes(from, to - from).equals(image.subarray(from, to)));

    assert.deepEqual(JSON.parse(await cloudFile(dir, 'meta-data')), {
      'instance-id': place.active().uuid,
      'local-hostname': 'web1',
    });
    assert.equal(await cloudFile(dir, 'user-data'), USER_DATA);
    const vendor = await cloudFile(dir, 'vendor-data');
    const reports = [...vendor.matchAll(/wget -q -O \/dev\/null '(http:[^']+)'/g)].map(([, url]) => url as string);
    assert.equal(reports.length, 2, vendor);
    for (const url of reports) assert.ok((await fetch(url)).ok);
    assert.equal(place.active().state, 'complete_no_broker');
  });
}

test('a microkernel that does not write images is given no order, and everybody sees why', async (t) => {
  const cases = [
    [{ words: '' }, /does not write images \(off: allow_deploy is not set on the node\)/],
    [{ withDisk: false }, /does not write images \(off: the agent runs without --live\)/],
  ] as const;
  for (const [how, why] of cases) {
    const place = await world(t);
    await offer(place);
    const agent = await place.agent('razor', how);
    await agent.until(
      'six check-ins',
      (events) => events.filter(({ event }) => event === 'checkin').length > 6,
      30_000,
    );
    await agent.stop();
    assert.equal(place.active().state, 'error_catch');
    assert.match(place.log().join('\n'), why);
    assert.equal(
      place.lab.events.since(0).filter(({ type, message }) => type === 'state' && why.test(message)).length,
      1,
    );
    assert.ok(agent.events.every((each) => each.event !== 'checkin' || each.command !== 'write_image'));
    const shown = (await place.api('GET', '/active-models')).json as unknown as readonly Record<string, unknown>[];
    assert.equal(shown[0]?.['state'], 'error_catch');
    rmSync(join(place.dir, 'state'), { recursive: true, force: true });
  }
});

test('what goes wrong on the node is the reason in the lab’s log, and a retry writes the image', async (t) => {
  const place = await world(t);
  await offer(place, { metadata: { root_device: 'serial=S1' } });
  const agent = await place.agent('razor');
  await agent.until('a failure', (events) => events.some(({ event }) => event === 'command-failed'), 30_000);
  assert.equal(place.active().state, 'error_catch');
  assert.match(
    place.log().at(-1) ?? '',
    /^error_catch: image_error: no disk for the image: file: serial is unknown, wanted S1/,
  );
  const model = { label: 'any', template: 'image', image: 'cloud' };
  assert.equal((await place.api('POST', '/models', model)).status, 201);
  assert.equal((await place.api('PATCH', '/policies/all', { model: 'any' })).status, 200);
  assert.equal((await place.api('DELETE', `/active-models/${place.active().uuid}`)).status, 200);
  await leaves(agent);
  await agent.stop();
  assert.equal(place.active().state, 'postinstall');
});

test('an image that is gone or another one by now stops the installation before anything is written', async (t) => {
  const place = await world(t);
  await offer(place);
  const changed = Buffer.from(place.image);
  changed[5 * MIB] = (changed[5 * MIB] ?? 0) ^ 1;
  writeFileSync(join(place.dir, 'cloud.raw'), changed);
  const agent = await place.agent('razor');
  await agent.until('a failure', (events) => events.some(({ event }) => event === 'command-failed'), 30_000);
  await agent.stop();
  assert.match(place.log().at(-1) ?? '', /image_error: the image is not the one that was meant.*made unbootable/);
  assert.deepEqual(place.bytes(0, 512), Buffer.alloc(512));
  rmSync(join(place.dir, 'cloud.raw'));
  assert.equal((await place.api('POST', `/active-models/${place.active().uuid}/retry`, {})).status, 200);
  const again = await place.agent('razor');
  await again.until('check-ins', (events) => events.filter(({ event }) => event === 'checkin').length > 3, 30_000);
  await again.stop();
  assert.equal(place.active().state, 'error_catch');
  assert.match(place.log().at(-1) ?? '', /image_error: the image cloud is gone: there is no .*cloud\.raw/);
  assert.equal(createHash('sha256').update(place.image).digest('hex'), place.lab.store.images.list()[0]?.disk?.sha256);
});
