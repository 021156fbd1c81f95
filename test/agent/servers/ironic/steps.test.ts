/** Steps of cleaning, servicing and deploying, as a conductor asks for them. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { keepRecord } from '../../../../agent/disk-image/record.ts';
import { bootEntries, erasePstoreIn, pathTests } from '../../../../agent/servers/ironic/steps/firmware-stores.ts';
import { fillUrl, readInjectedFiles } from '../../../../agent/servers/ironic/steps/injected-files.ts';
import { rememberingSystem } from '../../../helpers/ironic-agent.ts';
import { conducted as world, errorOf, resultOf } from '../../../helpers/ironic-conductor.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const LIMIT = { timeout: 30_000 };

describe('steps', LIMIT, () => {
  test('there is a deploy step to tell of, always, and it is refused while nobody allowed it', async (t) => {
    const { order } = await world(t);
    const answer = resultOf(await order('deploy.get_deploy_steps', { node: {}, ports: [] }));
    const [manager, steps] =
      Object.entries(answer['deploy_steps'] as Record<string, { step: string; priority: number }[]>)[0] ?? [];
    assert.deepEqual(
      steps?.map(({ step, priority }) => [step, priority]),
      [
        ['erase_devices_metadata', 0],
        ['clean_uefi_nvram', 0],
        ['write_image', 0],
        ['inject_files', 0],
      ],
    );
    assert.deepEqual(Object.keys(answer['hardware_manager_version'] as object), [manager]);
    const refused = await order('deploy.execute_deploy_step', { step: { step: 'write_image', interface: 'deploy' } });
    assert.equal(refused.body['command_status'], 'FAILED');
    assert.match(errorOf(refused).details, /razor\.allow_deploy=1/);
  });

  test('a step goes back as it came, whatever it holds', async (t) => {
    const { order } = await world(t);
    const steps = resultOf(await order('clean.get_clean_steps'))['clean_steps'] as Record<string, { step: string }[]>;
    assert.ok(Object.values(steps)[0]?.some(({ step }) => step === 'rz_noop'));
    const step = { step: 'rz_noop', interface: 'deploy', priority: 77, args: { a: [1] }, requires_ramdisk: true };
    const done = await order('clean.execute_clean_step', { step, node: {}, ports: [], clean_version: { x: '1' } });
    assert.deepEqual(resultOf(done)['clean_step'], step);
    assert.ok('clean_result' in resultOf(done));
    assert.ok('service_steps' in resultOf(await order('service.get_service_steps')));
  });

  test('a step that nobody knows fails with the list of those that are', async (t) => {
    const { order } = await world(t);
    const failed = await order('clean.execute_clean_step', { step: { step: 'burn_in_gpu' } });
    assert.deepEqual([failed.status, failed.body['command_status']], [200, 'FAILED']);
    assert.match(errorOf(failed).message, /no clean step "burn_in_gpu"/);
    assert.match(errorOf(failed).details, /rz_noop/);
    assert.equal(errorOf(failed).code, 500);
  });
});

describe('what is left in the firmware', LIMIT, () => {
  test('crash records are removed, mounted first where they are not, and one that stays is a failure', async (t) => {
    const root = temporaryDirectory(t);
    const system = rememberingSystem();
    mkdirSync(join(root, 'proc'));
    writeFileSync(join(root, 'proc/mounts'), 'sysfs /sys sysfs rw 0 0\n');
    assert.match(await erasePstoreIn(system, root), /keeps no crash records/);
    const place = join(root, 'sys/fs/pstore');
    mkdirSync(join(place, 'folder'), { recursive: true });
    writeFileSync(join(place, 'dmesg-efi-1'), 'panic');
    assert.equal(await erasePstoreIn(system, root), '2 crash records were removed');
    assert.deepEqual(readdirSync(place), []);
    assert.match(system.acts.join(), /make the crash records readable,remove 2 crash records/);
    writeFileSync(join(place, 'dmesg-efi-1'), 'panic');
    await assert.rejects(erasePstoreIn(rememberingSystem(false), root), /this agent changes nothing/);
    assert.ok(existsSync(join(place, 'dmesg-efi-1')));
  });

  test('boot entries: their paths are matched, without regard to case, by patterns that cannot stop the node', () => {
    const entries = bootEntries(
      'BootCurrent: 0001\nBootOrder: 0001,0003,0000\nBoot0000* UiApp\tFvVol(7cb8)/FvFile(462c)\nBoot0001* UEFI PXEv4 (MAC:525400123456)\tPciRoot(0x0)/Pci(0x3,0x0)/MAC(52)\nBoot0003* debian 12\tHD(15,GPT,8f06)/File(\\EFI\\debian\\shimx64.efi)\nBoot00AF  old VenHw(99e2)/grubx64.efi\n',
    );
    assert.deepEqual(
      entries.map(({ id, label, path }) => [id, label, path.slice(0, 6)]),
      [
        ['0000', 'UiApp', 'FvVol('],
        ['0001', 'UEFI PXEv4 (MAC:525400123456)', 'PciRoo'],
        ['0003', 'debian 12', 'HD(15,'],
        ['00AF', 'old', 'VenHw('],
      ],
    );
    const matching = (patterns?: unknown): string[] => {
      const tests = pathTests(patterns);
      return entries.filter(({ path }) => tests.some((fits) => fits(path))).map(({ id }) => id);
    };
    assert.deepEqual(matching(), ['0003', '00AF']);
    assert.deepEqual(matching(['PCIROOT']), ['0001']);
    assert.deepEqual(matching([]), []);
    for (const wrong of ['HD', [1], ['('], ['(?=x)'], {}]) {
      assert.throws(() => pathTests(wrong), /match_patterns/, JSON.stringify(wrong));
    }
  });

  test('neither is done without permission to erase', async (t) => {
    const { order } = await world(t);
    for (const step of ['erase_pstore', 'clean_uefi_nvram']) {
      const refused = await order('clean.execute_clean_step', { step: { step, interface: 'deploy' } });
      assert.match(errorOf(refused).message, /nothing was erased: razor\.allow_erase/, step);
    }
  });
});

describe('inject_files', LIMIT, () => {
  test('files of the node come before those of the step, and every fault of both is told at once', () => {
    const [first, second] = readInjectedFiles(
      [{ path: '/etc/a', content: 'YQ==', mode: 420 }],
      [{ path: '//etc/./b', deleted: true, partition: 1 }],
    );
    assert.deepEqual([first?.path, first?.mode, first?.content], ['etc/a', 420, 'YQ==']);
    assert.deepEqual([second?.path, second?.partition, second?.content], ['etc/b', '1', undefined]);
    assert.deepEqual(readInjectedFiles(null, undefined), []);
    assert.throws(() => readInjectedFiles({}, []), /inject_files is not a list/);
    assert.throws(() => readInjectedFiles([], 'x'), /files is not a list/);
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      [{ path: '/etc/../../x', content: 'YQ==' }, /not the path of a file/],
      [{ path: '/etc/', content: 'YQ==' }, /not the path of a file/],
      [{ path: '/top', content: 'YQ==' }, /needs "partition"/],
      [{ path: '/etc/a' }, /needs either/],
      [{ path: '/etc/a', content: 'YQ==', deleted: true }, /needs either/],
      [{ path: '/etc/a', content: 'YQ==', mode: '0644' }, /mode is not a number/],
      [{ path: '/etc/a', content: 'YQ==', colour: 1 }, /unknown key colour/],
      [7, /not the path of a file/],
    ];
    for (const [entry, why] of wrong) assert.throws(() => readInjectedFiles([entry], []), why, JSON.stringify(entry));
    assert.throws(() => readInjectedFiles([{ path: '/etc/a' }], [{ path: '/b/' }]), /"\/etc\/a".*"\/b\/"/);
  });

  test('a URL may name what is known of node and ports, and nothing else', () => {
    const known = { node: { uuid: 'u1', extra: { rack: 7 } }, ports: [{ address: 'aa:bb' }] };
    assert.equal(
      fillUrl('http://x/{node[uuid]}/{node[extra][rack]}/{ports[0][address]}', known),
      'http://x/u1/7/aa:bb',
    );
    for (const none of ['{node[name]}', '{node}', '{ports[1][address]}', '{node[constructor]}']) {
      assert.throws(() => fillUrl(`http://x/${none}`, known), /there is no/, none);
    }
  });

  test('it needs permission and a written image, and its priority is that of the kernel line', async (t) => {
    const files = [{ path: '/etc/a', content: 'YQ==' }];
    const step = { step: 'inject_files', interface: 'deploy', args: { files } };
    const forbidden = await world(t);
    assert.match(
      errorOf(await forbidden.order('deploy.execute_deploy_step', { step })).message,
      /may not write to disks/,
    );
    const { order, agent } = await world(t, {}, 'razor.allow_deploy=1 ipa-inject-files-priority=50');
    const offered = resultOf(await order('deploy.get_deploy_steps'))['deploy_steps'] as Record<string, object[]>;
    assert.ok(JSON.stringify(offered).includes('"step":"inject_files","priority":50'));
    assert.match(errorOf(await order('deploy.execute_deploy_step', { step })).message, /no image was written/);
    keepRecord(agent.dir, { disk: '/dev/razor-mk-none', device: true, image: 'x', bytes: 1 });
    const dry = await order('deploy.execute_deploy_step', { step });
    assert.match(errorOf(dry).message, /it would put 1 files into the image/);
    const nothing = await order('deploy.execute_deploy_step', { step: { ...step, args: {} } });
    assert.deepEqual(resultOf(nothing)['deploy_result'], 'there were no files to inject');
  });
});
