/** At least 60 requests to razor-server 1.9.9 with the answers of the original. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startLab } from '../../../lab/lab-server.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';
import { RAZOR_SERVER_ROWS } from './razor-server.rows.ts';
import { checkRow, type RequestRow } from './request-rows.ts';

const COUNT = Object.values(RAZOR_SERVER_ROWS).flat().length;

test(`razor-server: ${COUNT} requests are answered as by the original`, async (t) => {
  assert.ok(COUNT >= 60, `${COUNT} requests`);
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 }, faithful: true });
  t.after(() => lab.close());
  const send = async (rows: readonly RequestRow[]): Promise<void> => {
    for (const row of rows) await checkRow(lab.razorServerUrl ?? '', row, {});
  };
  const { store } = lab;
  const path = temporaryDirectory(t);
  mkdirSync(join(path, 'boot'));
  writeFileSync(join(path, 'boot', 'vmlinuz'), '0123456789');
  writeFileSync(join(path, 'boot', 'core.gz'), 'initrd');
  await send(RAZOR_SERVER_ROWS.identity);
  await send(RAZOR_SERVER_ROWS.checkins);
  await send(RAZOR_SERVER_ROWS.others);
  const none = { kernelHash: undefined, initrdHash: undefined, hash: undefined, buildTime: undefined, added: 1 };
  const files = { kernel: 'boot/vmlinuz', initrd: 'boot/core.gz', path };
  const image = await store.write(() => {
    store.images.add({ ...none, ...files, type: 'mk', name: 'mk', version: 'v0.12.0' });
    return store.images.add({ ...none, ...files, type: 'os', name: 'deb', version: '7' });
  });
  await send(RAZOR_SERVER_ROWS.boot);
  await store.write(() => {
    const model = store.models.add({ label: 'deb', template: 'debian_wheezy', image: image.uuid, metadata: {} });
    const policy = { label: 'p', line: 0, enabled: true, maximum: 0, tags: [], model: model.uuid, broker: undefined };
    store.policies.add(policy);
  });
  await send(RAZOR_SERVER_ROWS.bound);
});
