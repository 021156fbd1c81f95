/**
 * A real Ironic and its inspector (Debian's packages, unpacked) in the site, and a machine with nothing but Ironic's words on its
 * kernel line: it is enrolled by its inspection, and its operator has an image written to its disk, which the firmware then boots.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, readSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Site } from '../../../lab/vm/site.ts';
import { ironicFiles } from '../../ironic/packages.ts';
import { releaseOf } from '../../ironic/releases.ts';
import type { SiteEvent } from '../../ironic/site.ts';
import { bootSector } from '../images.ts';
import { bootDirectly } from '../ready.ts';
import type { Scenario } from '../scenario.ts';

const ADDRESS = '10.77.0.1';
const MAC = '52:54:00:00:0f:01';
const BUILD = new URL('../../../build/ironic', import.meta.url).pathname;
const IMAGE_BYTES = 64 * 1024 * 1024;
const BOOTED = 'RAZOR-MK: the image of Ironic boots';
const IMAGE = { kernel: 'cloud', flavour: 'prod' } as const;

export const scenario: Scenario = {
  id: 'o',
  title: 'a real Ironic: enrolled by inspection, an image written to its disk, active, and the firmware boots it',
  gate: false,
  minutes: 30,
  needs: ['cmp', 'setpriv'],
  lacks: async () => {
    const files = await ironicFiles(BUILD, releaseOf('debian12'), () => undefined);
    return typeof files === 'string' ? files : undefined;
  },
  async run(world) {
    const image = join(world.dir, 'ironic/http/image.raw');
    mkdirSync(join(world.dir, 'ironic/http'), { recursive: true });
    writeFileSync(
      image,
      Buffer.concat([bootSector(`\r\n${BOOTED}\r\n`, IMAGE_BYTES / 512 - 1), randomBytes(IMAGE_BYTES - 512)]),
    );
    const disk = join(world.dir, 'disk.raw');
    writeFileSync(disk, '');
    truncateSync(disk, 5 * 2 ** 30); // sparse
    await world.images.microkernel(IMAGE);
    world.step('open the site; Ironic and its inspector start in it');
    const site = await world.site();
    await site.lan.startDhcp({ nextServer: null });
    await site.lan.addTap('tap0');
    const ironic = await startIronic(site, join(world.dir, 'ironic'));
    await ironic.waitFor('Ironic is ready', ({ event }) => event === 'ready', 300_000);

    world.step('the machine is powered on with Ironic’s words on its kernel line');
    const words = [
      ...[`ipa-inspection-callback-url=http://${ADDRESS}:5050/v1/continue`, `ipa-api-url=http://${ADDRESS}:6385`],
      ...[`BOOTIF=${MAC}`, 'ipa-lookup-timeout=3600', 'razor.allow-deploy=1'],
    ];
    const machine = await bootDirectly(world, site, IMAGE, {
      name: 'node1',
      nics: [{ mac: MAC, tap: 'tap0' }],
      memoryMiB: 768,
      append: words.join(' '),
      noReboot: true,
      args: ['-drive', `file=${disk},format=raw,if=none,id=d0`, '-device', 'virtio-blk-pci,drive=d0,serial=osdisk'],
    });
    world.step('the real inspector enrols it');
    const found = await ironic.waitFor('enrolled', ({ event }) => event === 'enrolled', 600_000);
    assert.ok(found.event === 'enrolled');
    assert.equal(found.properties['cpu_arch'], 'x86_64');
    assert.equal(found.properties['local_gb'], '4');
    site.timeline.add('node1', 'register', `Ironic has it as node ${found.node}`);
    world.step('Ironic waits for it to call back, and it is found by its lookup');
    await ironic.waitFor(
      'wait call-back',
      (event) => event.event === 'state' && event.state === 'wait call-back',
      120_000,
    );
    world.step('the image is written');
    await machine.expect(/bytes are on \/dev\/vda, sha256 [0-9a-f]{64} is right/, { timeoutMs: 600_000 });
    await ironic.waitFor('active', (event) => event.event === 'state' && event.state === 'active', 300_000);
    world.step('the machine turns itself off, as Ironic asked');
    await Promise.race([machine.exited, late(120_000, 'the machine is still on')]);
    assertSameBytes(image, disk);

    world.step('the firmware boots the disk');
    const after = await site.machine({
      name: 'node1-disk',
      nics: [],
      args: ['-drive', `file=${disk},format=raw,if=virtio`],
    });
    // the firmware's text output keeps its last character back
    await after.expect(new RegExp(BOOTED.slice(0, -1)), { timeoutMs: 180_000 });
    await after.stop();
  },
};

interface Operator {
  waitFor(what: string, matches: (event: SiteEvent) => boolean, timeoutMs: number): Promise<SiteEvent>;
}

/** The servers and their operator, as a program inside the namespace. */
async function startIronic(site: Site, dir: string): Promise<Operator> {
  const program = new URL('../../ironic/site.ts', import.meta.url).pathname;
  const events: SiteEvent[] = [];
  const errors: string[] = [];
  let over = false;
  const daemon = await site.namespace.start([process.execPath, program, BUILD, dir, ADDRESS, MAC], {
    onLine: (line, stream) => {
      if (stream === 'stderr') return void errors.push(line);
      const event = JSON.parse(line) as SiteEvent;
      events.push(event);
      if (event.event === 'state') site.timeline.add('node1', 'command', `Ironic: ${event.state}`);
    },
  });
  void daemon.exited.then(() => (over = true));
  return {
    async waitFor(what, matches, timeoutMs) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const found = events.find(matches);
        if (found) return found;
        const failed = events.find(({ event }) => event === 'failed');
        if (failed || over || performance.now() > deadline) {
          const said = failed?.event === 'failed' ? failed.message : errors.slice(-5).join('\n');
          throw new Error(`waited for Ironic: ${what}: ${said}\n${JSON.stringify(events.at(-1))}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    },
  };
}

async function late(ms: number, what: string): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, ms).unref());
  throw new Error(what);
}

function assertSameBytes(image: string, disk: string): void {
  const written = Buffer.alloc(IMAGE_BYTES);
  const fd = openSync(disk, 'r');
  readSync(fd, written, 0, IMAGE_BYTES, 0);
  closeSync(fd);
  assert.ok(written.equals(readFileSync(image)), 'the disk is not the image');
}
