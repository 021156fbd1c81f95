/** Steps of cleaning, servicing and deploying, as a conductor asks for them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
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
      [
        ['erase_devices_metadata', 0],
        ['write_image', 0],
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
