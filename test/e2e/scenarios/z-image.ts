/**
 * A cloud image without an installer and without Ironic: power on, the microkernel registers, is bound, writes the image with
 * cloud-init's data beside it, and the machine boots its own disk, where Debian's cloud-init does what the lab's files say.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabEvent } from '../../../lab/lab-events.ts';
import type { Machine } from '../../../lab/vm/machine.ts';
import { makeCloudImage } from '../cloud-image.ts';
import { emptyDisk, readySite } from '../ready.ts';
import { isEvent, type Scenario, type World } from '../scenario.ts';

/** Many machines may share the processors. */
const PATIENCE = 300_000;

const NEEDS = ['qemu-img', 'mke2fs', 'grub-mkimage', 'depmod', 'mformat', 'mmd', 'mcopy'];

const USER_DATA = `#cloud-config
runcmd:
  - [sh, -c, 'echo "the site: $(hostname) has $(cat /etc/of-the-site)" > /dev/console']
write_files:
  - path: /etc/of-the-site
    content: its own user-data
`;

export const scenario: Scenario = {
  id: 'z',
  title: 'a cloud image written by the microkernel: bound, written, verified, booted, named by cloud-init, a login',
  gate: true,
  minutes: 10,
  needs: NEEDS,
  run: (world) => install(world, 'bios'),
};

export const uefi: Scenario = {
  id: 'z2',
  title:
    'a cloud image by UEFI, with the power cut while it is written: nothing boots from it, and it is written again',
  gate: false,
  minutes: 10,
  needs: NEEDS,
  run: (world) => install(world, 'uefi'),
};

async function install(world: World, firmware: 'bios' | 'uefi'): Promise<void> {
  world.step('a cloud image of Debian’s packages');
  const image = await makeCloudImage(world.dir);
  const { site, lab } = await readySite(world, {
    discoverOnly: true,
    kernelArgs: 'razor.allow_deploy=1',
    ipxe: firmware === 'uefi' ? 'trixie' : 'installed',
  });
  const userData = join(site.dir, 'user-data');
  writeFileSync(userData, USER_DATA);
  await site.lab('image', 'add', image);
  await site.lab(
    ...['model', 'add', '--label', 'cloud', '--template', 'image', '--image', 'cloud', '--user-data', userData],
    ...['--set', 'hostname_prefix=web', 'domainname=example.org'],
  );
  await site.lab('policy', 'add', '--label', 'every machine', '--model', 'cloud');
  await site.lan.addTap('tap0');
  world.step('power on: the microkernel comes up and registers');
  // written only where the image has something
  const [drive = '', disk = ''] = emptyDisk(site, 'disk', 5 * 1024);
  // OVMF forgets what has no place in QEMU's order of boot: the agent's own entry too
  const args = [
    drive,
    `${disk.replace('if=virtio', 'if=none')},id=disk`,
    '-device',
    'virtio-blk-pci,drive=disk,bootindex=2',
  ];
  const powerOn = (): Promise<Machine> =>
    site.machine({
      name: 'node1',
      firmware,
      nics: [{ mac: '52:54:00:00:1a:01', tap: 'tap0', bootindex: 1, ...(firmware === 'uefi' && { romfile: '' }) }],
      args,
    });
  let machine = await powerOn();
  const { node } = await lab.waitFor('registered', isEvent('registered'), PATIENCE);
  await lab.waitFor('bound', isEvent('bound', node), PATIENCE);
  world.step('the next check-in brings the order');
  const order = await lab.waitFor('the order', isEvent('checkin', node, 'write_image'), PATIENCE);
  const moved = (to: string): Promise<unknown> =>
    lab.waitFor(to, (event) => isEvent('state', node)(event) && event.details?.['to'] === to, PATIENCE);
  await moved('preinstall');
  if (firmware === 'uefi') {
    world.step('the power is cut; what was written so far has no beginning');
    await machine.stop();
    const head = Buffer.alloc(512);
    const file = await open(join(site.dir, 'disk.raw'));
    await file.read(head, 0, head.length, 0);
    await file.close();
    assert.ok(
      head.every((byte) => byte === 0),
      'the first sector is not empty',
    );
    machine = await powerOn();
    const again = (event: LabEvent): boolean => event !== order && isEvent('checkin', node, 'write_image')(event);
    await lab.waitFor('the order again', again, PATIENCE);
  }
  world.step('the image is written');
  await moved('postinstall');
  world.step('the machine restarts and boots its own disk');
  await lab.waitFor('local boot', (event) => event.type === 'boot' && event.details?.['boot'] === 'local', PATIENCE);
  const from = await machine.expect(/CLOUD-IMAGE: cloud-init starts/, { timeoutMs: PATIENCE });
  world.step('cloud-init does what the lab’s files say');
  await machine.expect(/the site: web1 has its own user-data/, { timeoutMs: PATIENCE, from });
  await moved('complete_no_broker');
  world.step('the login of the installed system');
  await machine.expect(/web1 login:/, { timeoutMs: PATIENCE, from });
  const known = (await site.lab('node', 'get', node ?? '')) as {
    activeModel?: { state: string; log: { result: string }[] };
  };
  assert.equal(known.activeModel?.state, 'complete_no_broker');
  const log = known.activeModel.log.map(({ result }) => result).join('\n');
  assert.match(log, /bytes are on \/dev\/vda, sha256 [0-9a-f]{64} is right, config drive on partition 3/);
}
