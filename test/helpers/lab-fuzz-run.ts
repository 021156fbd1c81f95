/** One fuzzing of a lab that holds a node, a bound model and an image. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addImage } from '../../lab/images/image-add.ts';
import { startLab } from '../../lab/lab-server.ts';
import { fuzzLab, type FuzzResult } from './lab-fuzz.ts';
import { checkin, register } from './lab-process.ts';
import { temporaryDirectory } from './temporary-directory.ts';

export async function checkFuzz(count: number, seed: number): Promise<FuzzResult> {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'boot'));
  writeFileSync(join(directory, 'boot/vmlinuz'), 'kernel');
  writeFileSync(join(directory, 'boot/core.gz'), 'initrd');
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 } });
  try {
    await addImage(lab.core, directory, { type: 'mk', path: directory });
    await lab.store.write(() => {
      const model = lab.store.models.add({ label: 'm', template: 'debian', image: undefined, metadata: {} });
      const rest = { line: 0, enabled: true, maximum: 1, tags: ['nics_1'], broker: undefined };
      lab.store.policies.add({ label: 'p', model: model.uuid, ...rest });
    });
    await register(lab.nodesUrl, '525400000011', { mk_hw_nic_count: '1' });
    await checkin(lab.nodesUrl, '525400000011');
    const result = await fuzzLab(lab, count, seed);
    assert.deepEqual(result.failures, []);
    assert.equal((await register(lab.nodesUrl, '5254FFFFFFFF', { a: '1' })).status, 200);
    assert.equal(await checkin(lab.nodesUrl, '5254FFFFFFFF'), 'acknowledge');
    assert.equal(Object.hasOwn(Object.prototype, 'a'), false);
    const failed = lab.events.since(0).filter((event) => event.type === 'failed');
    assert.deepEqual(failed, []);
    return result;
  } finally {
    await lab.close();
  }
}
