import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { stopOverdue } from '../../../../lab/engine/tries.ts';
import { startLab, type Lab } from '../../../../lab/lab-server.ts';
import type { LabOptions } from '../../../../lab/lab-settings.ts';
import type { ActiveModel } from '../../../../lab/store/records.ts';
import { fakeClock, type FakeClock } from '../../../helpers/fake-clock.ts';
import { register } from '../../../helpers/lab-process.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const ID = '525400000001';
const MINUTE = 60_000;
const WRITES = { a: '1', razor_mk_write_image: 'on' };

describe('an order to write an image', () => {
  const dir = temporaryDirectory();
  const file = join(dir, 'cloud.raw');
  let lab: Lab;
  let clock: FakeClock;
  const start = async (facts: Record<string, string> = WRITES, options: LabOptions = {}): Promise<void> => {
    clock = fakeClock();
    lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 }, clock, ...options });
    const disk = Buffer.alloc(4096);
    disk.set([0x55, 0xaa], 510);
    writeFileSync(file, disk);
    for (const [path, body] of [
      ['/images', { path: file }],
      ['/models', { label: 'm', template: 'image', image: 'cloud', metadata: { root_device: 'smallest' } }],
      ['/policies', { label: 'p', model: 'm' }],
    ] as const) {
      const { status, text } = await api('POST', path, body);
      assert.equal(status, 201, text);
    }
    await register(lab.nodesUrl, ID, facts);
    await ask();
  };
  beforeEach(() => start());
  afterEach(() => lab.close());

  const api = async (method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> => {
    const headers = { 'content-type': 'application/json' };
    const post = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
    const reply = await fetch(`${lab.peopleUrl}/api${path}`, post);
    return { status: reply.status, text: await reply.text() };
  };
  const active = (): ActiveModel => lab.store.activeModels.list()[0] as ActiveModel;
  interface Order {
    readonly command_name: string;
    readonly command_param: Record<string, Record<string, string>>;
  }
  const ask = async (): Promise<Order> => {
    const reply = await fetch(`${lab.nodesUrl}/razor/api/node/checkin?hw_id=${ID}&last_state=idle`);
    return ((await reply.json()) as { response: Order }).response;
  };
  const command = async (): Promise<string> => (await ask()).command_name;
  const tell = async (step: string, message = ''): Promise<number> => {
    const url = await fetch(
      `${lab.nodesUrl}/razor/api/policy/callback/${active().uuid}/image/${step}?message=${encodeURIComponent(message)}`,
    );
    return url.status;
  };
  const boot = async (): Promise<string> => (await fetch(`${lab.nodesUrl}/razor/api/boot?hw_id=${ID}`)).text();
  const last = (): string => lab.store.activeModels.log(active().id).at(-1)?.result ?? '';

  it('names the image by the lab’s address and its checksum, and the volume by another', async () => {
    const { command_name: name, command_param: param } = await ask();
    assert.equal(name, 'write_image');
    const { image, config_drive: drive, report, root_device: hints } = param;
    assert.deepEqual(
      { ...image, url: '', value: '' },
      { url: '', hash: 'sha256', value: '', format: 'raw', size: 4096 },
    );
    assert.equal(hints as unknown, 'smallest');
    assert.equal((await fetch(image?.['url'] ?? '')).headers.get('content-length'), '4096');
    const text = await (await fetch(drive?.['url'] ?? '')).text();
    const { createHash } = await import('node:crypto');
    assert.equal(createHash('sha256').update(text).digest('hex'), drive?.['sha256']);
    assert.deepEqual(Object.keys(report ?? {}), ['start', 'progress', 'end', 'error']);
    assert.equal(
      (await ask()).command_param['config_drive']?.['sha256'],
      drive?.['sha256'],
      'the same bytes each time',
    );
  });

  it('moves the installation by its reports, whose words are in the log, and boots the disk only at the end', async () => {
    assert.equal(await command(), 'write_image');
    assert.match(await boot(), /no microkernel image|maxcpus/i);
    assert.equal(await tell('start'), 200);
    assert.equal(active().state, 'preinstall');
    await tell('progress', '3 of 64 MiB written (4 %)\nand a line');
    assert.equal(last(), '3 of 64 MiB written (4 %) and a line');
    assert.doesNotMatch(await boot(), /sanboot/, 'a power cut in the middle');
    await tell('end', 'all is right');
    assert.equal(active().state, 'postinstall');
    assert.match(await boot(), /sanboot/);
    assert.equal(await command(), 'reboot');
  });

  it('is a try each time, and is stopped after two', async () => {
    assert.deepEqual([await command(), await command()], ['write_image', 'write_image']);
    assert.equal(active().tries, 1, 'asked twice within seconds');
    await clock.advance(MINUTE);
    assert.equal(await command(), 'write_image');
    assert.equal(active().tries, 2);
    await clock.advance(MINUTE);
    assert.equal(await command(), 'acknowledge');
    assert.equal(active().state, 'timeout_error');
    assert.match(last(), /given 2 times and has not come to an end/);
    assert.equal(await command(), 'acknowledge');
    assert.equal((await api('POST', `/active-models/${active().uuid}/retry`, {})).status, 200);
    assert.equal(await command(), 'write_image');
  });

  it('that takes too long is shown and then stopped, as every installation', async () => {
    await api('PATCH', '/policies/p', { tries: 1, installTimeout: 600 });
    await command();
    await tell('start');
    await clock.advance(601_000);
    await stopOverdue(lab.core);
    assert.equal(active().state, 'timeout_error');
  });

  it('is given to no microkernel that does not ask for it, which stops the installation once, in words', async () => {
    const kinds: readonly (readonly [Record<string, string>, LabOptions, RegExp])[] = [
      [{ a: '1' }, {}, /not of this project, or too old/],
      [{ razor_mk_write_image: 'off: allow_deploy is not set on the node' }, {}, /\(off: allow_deploy is not set/],
      [WRITES, { faithful: true }, /a faithful lab gives only the commands of its original/],
    ];
    for (const [facts, options, why] of kinds) {
      await lab.close();
      await start(facts, options);
      assert.equal(await command(), 'acknowledge');
      assert.equal(active().state, 'error_catch');
      assert.match(last(), why);
      assert.equal(active().tries, 0);
      assert.equal(await command(), 'acknowledge');
      const told = lab.events.since(0).filter(({ type, message }) => type === 'state' && why.test(message));
      assert.equal(told.length, 1);
      assert.match(told[0]?.message ?? '', /lab active-model retry .* tries again/);
    }
  });

  it('is not sent for an image that is gone or changed its size: the reason is in the log', async () => {
    writeFileSync(file, Buffer.alloc(5000));
    assert.equal(await command(), 'acknowledge');
    assert.match(last(), /is not the file that was added: it has 5000 bytes, not 4096/);
    rmSync(file);
    await api('POST', `/active-models/${active().uuid}/retry`, {});
    assert.equal(await command(), 'acknowledge');
    assert.match(last(), /the image cloud is gone: there is no .*cloud\.raw/);
    assert.equal(active().state, 'error_catch');
  });

  it('of a model with an address names that, and models that could not be written are refused', async () => {
    const metadata = { image_url: 'https://cloud.example.org/d.qcow2', image_checksum: 'a'.repeat(128) };
    assert.equal((await api('POST', '/models', { label: 'far', template: 'image', metadata })).status, 201);
    await api('PATCH', '/policies/p', { model: 'far' });
    await api('DELETE', `/active-models/${active().uuid}`);
    await ask();
    const { image } = (await ask()).command_param;
    assert.deepEqual(image, { url: metadata.image_url, hash: 'sha512', value: metadata.image_checksum });
    const wrong: readonly (readonly [Record<string, unknown>, RegExp])[] = [
      [{ template: 'image' }, /needs one of the lab’s/],
      [{ template: 'image', image: 'cloud', metadata }, /not both/],
      [{ template: 'image', metadata: { image_url: metadata.image_url } }, /image_url needs image_checksum/],
      [{ template: 'image', image: 'cloud', metadata: { root_device: 'sda' } }, /root_device must be hints/],
      [{ template: 'image', metadata: { ...metadata, image_checksum: 'abc' } }, /image_checksum must be/],
      [{ template: 'debian', userData: '#cloud-config' }, /userData: only the template image has that/],
    ];
    for (const [model, why] of wrong) {
      const { status, text } = await api('POST', '/models', { label: 'x', ...model });
      assert.equal(status, 422, text);
      assert.match(text, why);
    }
  });

  it('can be looked at before: the order and every file, and nothing is counted', async () => {
    const userData = '#cloud-config\nusers: []\n';
    await api('POST', '/models', {
      label: 'mine',
      template: 'image',
      image: 'cloud',
      userData,
      networkConfig: 'version: 2\n',
    });
    const files = JSON.parse((await api('GET', '/models/mine/preview')).text) as { name: string; text: string }[];
    assert.deepEqual(
      files.map(({ name }) => name),
      ['parameter of the command write_image', 'meta-data', 'user-data', 'vendor-data', 'network-config'],
    );
    assert.equal(files[2]?.text, userData);
    assert.match(files[3]?.text ?? '', /Content-Type: text\/x-shellscript/);
    assert.match((await api('GET', '/models')).text, /"user_data":"\(\d+ characters\)"/);
    assert.equal(active().tries, 0);
  });
});
