import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileAsDisk } from '../../../../../agent/disks/file-disk.ts';
import type { Disk } from '../../../../../agent/disks/disks.ts';
import { verdictOf } from '../../../../../agent/servers/ironic/steps/erase-all.ts';
import { conducted, errorOf, resultOf, type World } from '../../../../helpers/ironic-conductor.ts';
import { temporaryDirectory } from '../../../../helpers/temporary-directory.ts';
import type { Reply } from '../../../../helpers/ironic-agent.ts';

const MEBIBYTE = 2 ** 20;
const FULL = Buffer.alloc(4 * MEBIBYTE, 0xaa);
const ALLOWED = 'razor.allow_erase=1';
const UUID = '11111111-2222-3333-4444-555555555555';

interface Site extends World {
  readonly paths: readonly string[];
  clean(node?: object): Promise<Reply>;
  /** `erase_devices`, or another step, with what the conductor says of erasing. */
  whole(info?: object, step?: string): Promise<Reply>;
  step(name: string, kind?: string): Promise<Reply>;
  untouched(index?: number): boolean;
}

/** An agent whose disks are files with something on them, one for each entry, with what is special of it. */
async function site(t: TestContext, words: string, disks: readonly Partial<Disk>[] = [{}]): Promise<Site> {
  const dir = temporaryDirectory(t);
  const paths = disks.map((_, index) => join(dir, `disk${index}`));
  for (const path of paths) writeFileSync(path, FULL);
  const list = (): Disk[] =>
    paths.map((path, index) => ({ ...fileAsDisk(path), name: `disk${index}`, serial: `S${index}`, ...disks[index] }));
  const world = await conducted(t, { listDisks: list }, words);
  const order = (kind: string, step: string, node: object): Promise<Reply> =>
    world.order(`${kind}.execute_${kind}_step`, { step: { step, interface: 'deploy' }, node: { uuid: UUID, ...node } });
  return {
    ...world,
    paths,
    clean: (node = {}) => order('clean', 'erase_devices_metadata', node),
    whole: (info = {}, step = 'erase_devices') => order('clean', step, { driver_internal_info: info }),
    step: (name, kind = 'clean') => order(kind, name, {}),
    untouched: (index = 0) => readFileSync(paths[index] ?? '').equals(FULL),
  };
}

async function priorities(world: World): Promise<Record<string, number>> {
  const answer = resultOf(await world.order('clean.get_clean_steps'))['clean_steps'];
  const [steps] = Object.values(answer as Record<string, { step: string; priority: number }[]>);
  return Object.fromEntries((steps ?? []).map(({ step, priority }) => [step, priority]));
}

test('both ends of a free disk become zeros, and the rest stays', async (t) => {
  const { clean, paths } = await site(t, ALLOWED);
  assert.deepEqual(resultOf(await clean())['clean_result'], { [paths[0] ?? '']: 'erased' });
  const after = readFileSync(paths[0] ?? '');
  const zeros = Buffer.alloc(MEBIBYTE);
  assert.ok(after.subarray(0, MEBIBYTE).equals(zeros) && after.subarray(-MEBIBYTE).equals(zeros));
  assert.ok(after.subarray(MEBIBYTE, -MEBIBYTE).equals(FULL.subarray(0, 2 * MEBIBYTE)));
});

test('a disk in use makes the step fail, with the others erased: the node is not clean', async (t) => {
  const { clean, untouched } = await site(t, ALLOWED, [{ refused: 'disk0p1 is mounted on /' }, {}]);
  const { message } = errorOf(await clean());
  assert.match(message, /not erased: .*disk0: disk0p1 is mounted on \/; .*disk1: erased/);
  assert.deepEqual([untouched(0), untouched(1)], [true, false]);
});

test('what the server wants left alone is left, under each name of the disk, and nothing is done where its list cannot be read', async (t) => {
  const twin = { wwnWithExtension: '0x5000c500a1b2c3d4' };
  const { clean, untouched, paths } = await site(t, ALLOWED, [{ ...twin, hctl: '0:0:0:1' }, twin, {}]);
  for (const list of [7, [{}], ['sda'], [{ volume_name: 'md' }], [{ colour: 'red' }], [{ size: 'big' }]]) {
    const failed = await clean({ properties: { skip_block_devices: list } });
    assert.match(errorOf(failed).message, /skip_block_devices|root_device/, JSON.stringify(list));
  }
  assert.deepEqual([untouched(0), untouched(1), untouched(2)], [true, true, true]);
  const done = await clean({ properties: { skip_block_devices: [{ hctl: 's== 0:0:0:1' }, { name: '/dev/none' }] } });
  const result = resultOf(done)['clean_result'] as Record<string, string>;
  assert.match(result[paths[1] ?? ''] ?? '', /left as it is: the server wants it left alone/);
  assert.deepEqual([untouched(0), untouched(1), untouched(2)], [true, true, false]);
});

test('a command without the node’s properties does not lift the list of the command before', async (t) => {
  const { clean, untouched } = await site(t, ALLOWED);
  await clean({ properties: { skip_block_devices: [{ serial: 'S0' }] } });
  await clean();
  assert.ok(untouched());
});

test('what may be left as it is: no part of the machine, another path, and a read-only disk where the server says so', () => {
  const disk = (more: Partial<Disk>): Disk => ({ ...fileAsDisk(import.meta.filename), ...more });
  const table: readonly (readonly [Partial<Disk>, boolean, string])[] = [
    [{}, true, 'erase'],
    [{ removable: true }, true, 'leave'],
    [{ composed: true }, true, 'leave'],
    [{ refused: 'x', spared: 'medium' }, false, 'leave'],
    [{ refused: 'x', spared: 'path' }, false, 'leave'],
    [{ refused: 'x', spared: 'skip-list' }, false, 'leave'],
    [{ refused: 'x', spared: 'read-only' }, true, 'leave'],
    [{ refused: 'x', spared: 'read-only' }, false, 'fail'],
    [{ refused: 'x', spared: 'zones' }, false, 'erase'],
    [{ refused: 'x', spared: 'zones', removable: true }, false, 'leave'],
    [{ refused: 'its path is standby' }, true, 'fail'],
    [{ refused: 'md0 uses it', composed: true }, true, 'fail'],
  ];
  for (const [more, readOnlyToo, act] of table) {
    assert.equal(verdictOf(disk(more), readOnlyToo).act, act, JSON.stringify([more, readOnlyToo]));
  }
});

test('a read-only disk is left unless the server forbids it, and its word must be readable', async (t) => {
  const { clean, paths } = await site(t, ALLOWED, [{}, { refused: 'read-only', spared: 'read-only' }]);
  const info = (word: unknown): object => ({ driver_internal_info: { agent_erase_skip_read_only: word } });
  assert.match(errorOf(await clean(info(false))).message, /disk1: read-only/);
  assert.match(errorOf(await clean(info('perhaps'))).message, /neither true nor false/);
  const done = resultOf(await clean(info(true)))['clean_result'] as Record<string, string>;
  assert.equal(done[paths[1] ?? ''], 'left as it is: read-only');
});

test('automated cleaning erases where it is allowed, as with ironic-python-agent', async (t) => {
  assert.deepEqual(await priorities(await site(t, ALLOWED)), {
    rz_noop: 10,
    erase_devices_metadata: 99,
    erase_devices: 10,
    erase_devices_express: 0,
    erase_pstore: 0,
    clean_uefi_nvram: 0,
  });
});

test('where erasing is not allowed cleaning says that nothing was erased, in its result and on the console', async (t) => {
  const world = await site(t, '');
  const offered = await priorities(world);
  assert.deepEqual([offered['erase_devices_metadata'], offered['erase_devices']], [0, 0]);
  assert.match(errorOf(await world.whole()).message, /nothing was erased/);
  assert.match(String(resultOf(await world.step('rz_noop'))['clean_result']), /nothing was erased: razor\.allow_erase/);
  assert.match(world.agent.said.join(), /cleaning: nothing was erased/);
  assert.equal(resultOf(await world.step('rz_noop', 'service'))['service_result'], 'nothing was to be done');
  assert.match(errorOf(await world.clean()).details, /razor\.allow_erase=1/);
  assert.ok(world.untouched());
});

test('razor.require_erase=1 makes cleaning fail where nothing is erased', async (t) => {
  const world = await site(t, 'razor.require_erase=1');
  assert.equal((await priorities(world))['erase_devices_metadata'], 99);
  assert.match(errorOf(await world.clean()).message, /nothing was erased/);
  const nothing = await site(t, `razor.require_erase=1 ${ALLOWED}`, [{ removable: true }]);
  assert.match(errorOf(await nothing.clean()).message, /nothing was erased: .*it can be taken out/);
  const lenient = await site(t, ALLOWED, [{ removable: true }]);
  const result = resultOf(await lenient.clean())['clean_result'] as Record<string, string>;
  assert.match(result['result'] ?? '', /nothing was erased/);
  assert.match(lenient.agent.said.join(), /nothing was erased/);
});

test('a real disk is erased by a live system only, and shared file systems are not taken for guarded', async (t) => {
  const device = await site(t, ALLOWED, [{ path: '/dev/razor-mk-test-none' }]);
  assert.match(errorOf(await device.clean()).message, /would erase the partition tables/);
  const guarded = await site(t, `${ALLOWED} ipa-guard-special-filesystems=1`);
  assert.match(errorOf(await guarded.clean()).message, /shared file systems are not recognised/);
  assert.ok(guarded.untouched());
});

test('erase_devices erases every disk whole, tells what was done to each, and several at the same time', async (t) => {
  const disks = [{}, {}, { refused: 'x', spared: 'skip-list' as const }, {}];
  const { whole, paths, agent, untouched } = await site(t, ALLOWED, disks);
  const done = await whole({ disk_erasure_concurrency: 2, agent_erase_devices_iterations: 0 });
  const result = resultOf(done)['clean_result'] as Record<string, string>;
  for (const index of [0, 1, 3]) {
    const path = paths[index] ?? '';
    assert.match(result[path] ?? '', /^erased: overwritten with zeros; \d+ places read back/);
    assert.ok(readFileSync(path).equals(Buffer.alloc(FULL.length)));
    assert.ok(
      agent.said.some((line) => line.includes(`${path}: erased: overwritten`)),
      agent.said.join(),
    );
  }
  assert.ok(untouched(2));
});

test('one disk under two names is erased once, and a disk in use fails the step', async (t) => {
  const twin = { wwnWithExtension: 'eui.0123' };
  const { whole, paths } = await site(t, ALLOWED, [twin, twin]);
  const result = resultOf(await whole())['clean_result'] as Record<string, string>;
  assert.equal(result[paths[1] ?? ''], `it is the same disk as ${paths[0]}`);
  const used = await site(t, ALLOWED, [{ refused: 'disk0p1 is mounted on /' }, {}]);
  assert.match(errorOf(await used.whole()).message, /not erased: .*is mounted on \/; .*disk1: erased: overwritten/);
  assert.ok(used.untouched(0));
});

test('what the server says of erasing is obeyed, or refused where it cannot be read', async (t) => {
  const { whole, untouched, paths } = await site(t, ALLOWED);
  for (const info of [
    { agent_erase_devices_iterations: -1 },
    { agent_erase_devices_iterations: 'two' },
    { agent_erase_devices_zeroize: 'yes' },
    { agent_enable_nvme_secure_erase: 1 },
    { agent_enable_ata_secure_erase: 'no' },
    { agent_continue_if_secure_erase_failed: 'no' },
    { agent_continue_if_ata_erase_failed: 0 },
    { disk_erasure_concurrency: 0 },
  ]) {
    assert.match(errorOf(await whole(info)).message, new RegExp(`${Object.keys(info)[0]} of the server`));
  }
  assert.ok(untouched());
  await whole({ agent_erase_devices_zeroize: false });
  assert.equal(readFileSync(paths[0] ?? '').equals(Buffer.alloc(FULL.length)), false);
});

test('erase_devices_express takes the metadata of what it cannot erase quickly, and says that the data are left', async (t) => {
  const { whole, paths } = await site(t, ALLOWED);
  const result = resultOf(await whole({}, 'erase_devices_express'))['clean_result'] as Record<string, string>;
  assert.match(result[paths[0] ?? ''] ?? '', /metadata erased; NOT the data: it is no NVMe disk/);
  const after = readFileSync(paths[0] ?? '');
  assert.deepEqual([after[0], after[MEBIBYTE]], [0, 0xaa]);
});
