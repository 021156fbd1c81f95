/**
 * The agent is killed at each kind of step, at ten moments each, and started again: the step is listed as failed, or it is really
 * done. Never is it missing: the conductor would take the node for freshly booted and go on with the next step.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { mbrImage } from '../agent/disk-image/tables/tables.ts';
import { restartedAgent, type RestartedAgent } from '../helpers/ironic-process.ts';

const MEBIBYTE = 2 ** 20;
const PIECES = 16;
const MOMENTS = 10;
const IMAGE = mbrImage((4 * MEBIBYTE) / 512);
randomBytes(2 * MEBIBYTE).copy(IMAGE, 2 * MEBIBYTE);

/** A server that takes about 400 ms for the image. */
async function slowServer(t: TestContext): Promise<string> {
  const server = createServer((_, outgoing) => {
    outgoing.writeHead(200, { 'content-length': IMAGE.length });
    const size = IMAGE.length / PIECES;
    let sent = 0;
    const timer = setInterval(() => {
      outgoing.write(IMAGE.subarray(sent * size, (sent + 1) * size));
      if (++sent < PIECES) return;
      clearInterval(timer);
      outgoing.end();
    }, 25);
    outgoing.on('close', () => clearInterval(timer));
  }).listen(0, '127.0.0.1');
  t.after(() => (server.closeAllConnections(), server.close()));
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/image.raw`;
}

function firstBytes(path: string, length: number): Buffer {
  const fd = openSync(path, 'r');
  const bytes = Buffer.alloc(length);
  readSync(fd, bytes, 0, length, 0);
  closeSync(fd);
  return bytes;
}

function occupy(path: string): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, Buffer.alloc(MEBIBYTE, 0xdd));
  closeSync(fd);
}

interface Kind {
  readonly command: string;
  readonly params: object;
  /** From the beginning of the command to the kill, in milliseconds, times 0 to 9. */
  readonly everyMs: number;
  /** Whether what the step claims is so. */
  readonly done: (disk: string) => boolean;
}

function kinds(imageUrl: string): Kind[] {
  const step = (name: string, args: object = {}): object => ({ step: name, interface: 'deploy', args });
  const erased = (disk: string): boolean => firstBytes(disk, MEBIBYTE).equals(Buffer.alloc(MEBIBYTE));
  const image = {
    id: 'x',
    urls: [imageUrl],
    disk_format: 'raw',
    os_hash_algo: 'sha256',
    os_hash_value: createHash('sha256').update(IMAGE).digest('hex'),
  };
  const erase = { step: step('erase_devices_metadata'), node: {}, ports: [] };
  return [
    {
      command: 'deploy.execute_deploy_step',
      params: { step: step('write_image', { image_info: image }), node: {}, ports: [] },
      everyMs: 60,
      done: (disk) => firstBytes(disk, IMAGE.length).equals(IMAGE),
    },
    { command: 'clean.execute_clean_step', params: erase, everyMs: 3, done: erased },
    { command: 'service.execute_service_step', params: erase, everyMs: 3, done: erased },
    { command: 'clean.execute_clean_step', params: { step: step('rz_noop') }, everyMs: 1, done: () => true },
    { command: 'image.install_bootloader', params: {}, everyMs: 1, done: () => true },
  ];
}

async function killedAt(site: RestartedAgent, kind: Kind, delayMs: number): Promise<string> {
  occupy(site.disk);
  const before = new Set((await site.commands()).map(({ id }) => id));
  const answered = site.post(kind.command, kind.params).then(
    () => true,
    () => false, // the answer broke off: the conductor takes that for a failure by itself
  );
  await site.begun(kind.command);
  await sleep(delayMs);
  await site.kill();
  const begun = await answered;
  await site.start();
  const commands = (await site.commands()).filter(({ id }) => !before.has(id));
  const [last] = commands;
  assert.ok(commands.length <= 1);
  if (last === undefined) {
    assert.equal(begun, false, 'a command that was answered is listed');
    return 'not begun';
  }
  assert.equal(last.command_name, kind.command.split('.')[1]);
  assert.match(last.command_status, /^(FAILED|SUCCEEDED)$/);
  if (last.command_status === 'SUCCEEDED') assert.ok(kind.done(site.disk), 'what is listed as done is done');
  return last.command_status;
}

test('killed at each kind of step, at ten moments each: failed, or really done', async (t) => {
  const url = await slowServer(t);
  const site = await restartedAgent(t, 'razor.allow_deploy=1 razor.allow_erase=1');
  await site.start();
  for (const kind of kinds(url)) {
    const outcomes: string[] = [];
    for (let moment = 0; moment < MOMENTS; moment++) outcomes.push(await killedAt(site, kind, moment * kind.everyMs));
    t.diagnostic(`${kind.command}: ${outcomes.join(', ')}`);
  }
});
