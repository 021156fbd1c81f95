/** A real agent process that is killed while a command runs, as by the kernel's OOM killer, and started again by its supervisor. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { restartedAgent } from '../../../helpers/ironic-process.ts';
import { mbrImage } from '../../disk-image/tables/tables.ts';
import { until } from '../../../helpers/until.ts';

const MEBIBYTE = 2 ** 20;
const IMAGE = mbrImage((4 * MEBIBYTE) / 512);
randomBytes(2 * MEBIBYTE).copy(IMAGE, 2 * MEBIBYTE);

/** A server that gives the first half of the image and keeps the rest. */
async function halfServer(t: TestContext): Promise<string> {
  const server = createServer((_, outgoing) => {
    outgoing.writeHead(200, { 'content-length': IMAGE.length });
    outgoing.write(IMAGE.subarray(0, 3 * MEBIBYTE));
  }).listen(0, '127.0.0.1');
  t.after(() => (server.closeAllConnections(), server.close()));
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/image.raw`;
}

function onDisk(path: string, offset: number, length: number): Buffer {
  const fd = openSync(path, 'r');
  const bytes = Buffer.alloc(length);
  readSync(fd, bytes, 0, length, offset);
  closeSync(fd);
  return bytes;
}

test('an agent that was killed while it wrote an image lists the step as failed: an empty list means "freshly booted" to Ironic', async (t) => {
  const url = await halfServer(t);
  const site = await restartedAgent(t, 'razor.allow_deploy=1');
  await site.start();
  await site.post('deploy.get_deploy_steps', { node: {}, ports: [] }, true);
  const sha256 = createHash('sha256').update(IMAGE).digest('hex');
  const image = { id: 'x', urls: [url], disk_format: 'raw', os_hash_algo: 'sha256', os_hash_value: sha256 };
  const step = { step: 'write_image', interface: 'deploy', args: { image_info: image } };
  const begun = await site.post('deploy.execute_deploy_step', { step, node: {}, ports: [] });
  assert.equal(begun.body['command_status'], 'RUNNING');
  const second = IMAGE.subarray(2 * MEBIBYTE, 2 * MEBIBYTE + 512);
  await until('the second half on the disk', () => onDisk(site.disk, 2 * MEBIBYTE, 512).equals(second));
  await site.kill();

  const again = await site.start();
  const commands = await site.commands();
  assert.deepEqual(
    commands.map(({ command_name, command_status }) => [command_name, command_status]),
    [
      ['get_deploy_steps', 'SUCCEEDED'],
      ['execute_deploy_step', 'FAILED'],
    ],
  );
  assert.match(
    commands.at(-1)?.command_error?.message ?? '',
    /restarted while execute_deploy_step \(write_image\) ran/,
  );
  assert.ok(again.events.some((event) => event.event === 'warning' && /write_image/.test(event.message)));
  await again.stop();
});

test('a step that was over before the agent was killed is still listed with its result', async (t) => {
  const site = await restartedAgent(t, '');
  await site.start();
  const step = { step: 'rz_noop', interface: 'deploy', args: { kept: [1] } };
  await site.post('service.execute_service_step', { step, node: {}, ports: [] }, true);
  await site.kill();
  await site.start();
  const last = (await site.commands()).at(-1);
  assert.deepEqual([last?.command_name, last?.command_status], ['execute_service_step', 'SUCCEEDED']);
  assert.deepEqual(last?.command_result?.['service_step'], step);
});
