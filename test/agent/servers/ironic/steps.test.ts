/** Steps of cleaning, servicing and deploying, as a conductor asks for them. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Disk } from '../../../../agent/disks/disks.ts';
import { rememberingSystem } from '../../../helpers/ironic-agent.ts';
import { conducted as world, errorOf, resultOf } from '../../../helpers/ironic-conductor.ts';

const LIMIT = { timeout: 30_000 };

describe('steps', LIMIT, () => {
  test('there is a deploy step to tell of, always, and it is refused while nobody allowed it', async (t) => {
    const { order } = await world(t);
    const answer = resultOf(await order('deploy.get_deploy_steps', { node: {}, ports: [] }));
    const [manager, steps] =
      Object.entries(answer['deploy_steps'] as Record<string, { step: string; priority: number }[]>)[0] ?? [];
    assert.deepEqual(
      steps?.map(({ step, priority }) => [step, priority]),
      [['write_image', 0]],
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

  test('metadata is erased only where it was allowed, only from disks that nothing uses, and not without --live', async (t) => {
    const system = rememberingSystem();
    const { agent, order } = await world(
      t,
      { system, listDisks: () => disks },
      'razor.allow_erase=1 ipa-listen-port=0',
    );
    const path = join(agent.dir, 'disk');
    const content = Buffer.alloc(4 * 2 ** 20, 0xaa);
    writeFileSync(path, content);
    writeFileSync(join(agent.dir, 'used'), content);
    const disks = [disk('file', path, undefined), disk('used', join(agent.dir, 'used'), 'used1 is mounted on /')];
    const step = { step: 'erase_devices_metadata', interface: 'deploy' };
    const done = await order('clean.execute_clean_step', { step });
    assert.deepEqual(resultOf(done)['clean_result'], {
      [path]: 'erased',
      [join(agent.dir, 'used')]: 'left as it is: used1 is mounted on /',
    });
    const zeros = Buffer.alloc(2 ** 20);
    const after = readFileSync(path);
    assert.ok(after.subarray(0, 2 ** 20).equals(zeros) && after.subarray(-(2 ** 20)).equals(zeros));
    assert.ok(after.subarray(2 ** 20, -(2 ** 20)).equals(content.subarray(0, 2 * 2 ** 20)));
    assert.ok(readFileSync(join(agent.dir, 'used')).equals(content));

    const dry = await world(t, { listDisks: () => [disk('file', path, undefined)] }, 'razor.allow_erase=1');
    writeFileSync(path, content);
    assert.match(
      errorOf(await dry.order('clean.execute_clean_step', { step })).message,
      /would erase the partition tables/,
    );
    const refused = await world(
      t,
      { system: rememberingSystem(), listDisks: () => [disk('file', path, undefined)] },
      'ipa-listen-port=0',
    );
    assert.match(errorOf(await refused.order('clean.execute_clean_step', { step })).details, /razor\.allow_erase=1/);
    assert.ok(readFileSync(path).equals(content));
  });
});

function disk(name: string, path: string, refused: string | undefined): Disk {
  const blank = {
    model: '',
    vendor: '',
    serial: createHash('md5').update(name).digest('hex'),
    wwn: '',
    hctl: '',
    byPath: '',
  };
  return {
    name,
    path,
    sizeBytes: 4 * 2 ** 20,
    rotational: false,
    refused,
    wwnWithExtension: '',
    wwnVendorExtension: '',
    ...blank,
  };
}
