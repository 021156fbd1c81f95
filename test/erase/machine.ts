/** The machine of this suite: an image with `--erase` and all the disks, booted in QEMU, and a conductor for it. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import { PROJECT } from '../../packaging/project-paths.ts';
import { run } from '../../platform/process/run.ts';
import { bootVm, type ImageVm } from '../helpers/image-vm.ts';
import { call, type Reply } from '../helpers/ironic-agent.ts';
import { TOKEN } from '../helpers/ironic-conductor.ts';
import { startIronic } from '../helpers/ironic-standin.ts';
import { hasEmmc, PREPARE, qemuDisks } from './disks.ts';

const MAC = '52:54:00:00:48:01';
const NODE = '11111111-2222-3333-4444-555555555555';
/** Whoever emulates is slow, and slower beside others. */
export const PATIENCE = 900_000;
const RESULTS = join(PROJECT, 'build/erase');

export interface Machine {
  readonly vm: ImageVm;
  /** Whether the console said it. */
  said(pattern: RegExp): boolean;
  /** Orders a command, and waits for its end. */
  order(name: string, params?: object): Promise<Reply['body']>;
  /** Orders a step, with the node's `properties`. */
  step(kind: 'clean' | 'deploy', step: string, properties: object, args?: object): Promise<Reply['body']>;
}

/** A directory with `vmlinuz` and `core.gz`: a new build/erase/image, or the one of an earlier run that RAZOR_MK_ERASE_IMAGE names. */
export async function eraseImage(directory: string): Promise<string> {
  const given = process.env['RAZOR_MK_ERASE_IMAGE'];
  if (given !== undefined) return resolve(given);
  const [base, out, script] = [join(directory, 'base'), join(RESULTS, 'image'), join(directory, 'prepare.sh')];
  const must = async (words: string): Promise<void> => {
    const result = await run([process.execPath, join(PROJECT, 'agent/main.ts'), 'image', ...words.split(' ')], {
      timeoutMs: PATIENCE,
      env: { XDG_CACHE_HOME: join(PROJECT, 'build/cache'), PATH: process.env['PATH'] ?? '' },
    });
    assert.equal(result.status, 0, result.stderr.toString());
  };
  writeFileSync(script, PREPARE, { mode: 0o755 });
  await must(`base --from-debian --kernel amd64 --out ${base}`);
  await must(`build --base ${base} --out ${out} --format kernel --erase --file ${script}:/opt/bootlocal.sh`);
  return out;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Boots it, with the disks' files in `directory`; resolves after its first heartbeat. The console is kept in build/erase. */
export async function bootMachine(t: TestContext, image: string, directory: string): Promise<Machine> {
  const ironic = await startIronic({ macs: [MAC], version: 115 });
  t.after(() => ironic.close());
  const port = await freePort();
  const words = [
    `ipa-api-url=http://10.0.2.2:${new URL(ironic.url).port} BOOTIF=${MAC} razor.allow_erase=1 razor.allow_deploy=1`,
    // a namespace of two controllers is two disks then
    `console=ttyS0 nvme_core.multipath=N${hasEmmc() ? ' test_emmc=1' : ''}`,
  ];
  const vm = await bootVm(1024, [
    ...['-M', 'q35', '-smp', '2', '-kernel', join(image, 'vmlinuz'), '-initrd', join(image, 'core.gz')],
    ...['-append', words.join(' ')],
    ...['-netdev', `user,id=net,hostfwd=tcp:127.0.0.1:${port}-:9999`],
    ...['-device', `virtio-net-pci,netdev=net,mac=${MAC},romfile=`],
    ...qemuDisks(directory),
  ]);
  mkdirSync(RESULTS, { recursive: true });
  const keep = setInterval(() => writeFileSync(join(RESULTS, 'console.log'), vm.console.join('\n')), 1000);
  t.after(async () => {
    await vm.stop();
    clearInterval(keep);
  });
  const end = (): string => `the console said:\n${vm.console.slice(-60).join('\n')}`;
  const said = (pattern: RegExp): boolean => vm.console.some((line) => pattern.test(line));
  assert.ok(await vm.until(() => ironic.beats.length > 0, PATIENCE), `no heartbeat; ${end()}`);
  const prepared = await vm.until(() => said(/PREPARED zones/) && said(/PREPARED swap/), PATIENCE);
  assert.ok(prepared, `the disks are not prepared; ${end()}`);
  const url = `https://127.0.0.1:${port}/v1/commands`;
  const order: Machine['order'] = async (name, params = {}) => {
    const begun = await call(`${url}/?agent_token=${TOKEN}`, 'POST', { name, params });
    assert.equal(begun.status, 200, JSON.stringify(begun.body));
    const id = String(begun.body['id']);
    for (const until = performance.now() + PATIENCE; performance.now() < until; await sleep(100)) {
      const { body } = await call(`${url}/${id}?agent_token=${TOKEN}`, 'GET');
      if (body['command_status'] !== 'RUNNING') return body;
    }
    throw new Error(`${name} is not over; ${end()}`);
  };
  return {
    vm,
    said,
    order,
    step: (kind, step, properties, args = {}) =>
      order(`${kind}.execute_${kind}_step`, {
        step: { step, interface: 'deploy', args },
        ports: [],
        node: {
          uuid: NODE,
          properties,
          driver_internal_info: { agent_erase_skip_read_only: true, disk_erasure_concurrency: 2 },
        },
      }),
  };
}
