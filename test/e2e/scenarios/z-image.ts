/**
 * A cloud image without an installer and without Ironic: power on, the microkernel registers, is bound, writes the image with
 * cloud-init's data beside it, and the machine boots its own disk, where Debian's cloud-init does what the lab's files say.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCloudImage } from '../cloud-image.ts';
import { emptyDisk, readySite } from '../ready.ts';
import { isEvent, type Scenario, type World } from '../scenario.ts';

/** Many machines may share the processors. */
const PATIENCE = 300_000;

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
  gate: false,
  minutes: 10,
  needs: ['qemu-img', 'mke2fs', 'grub-mkimage', 'depmod'],
  run: install,
};

async function install(world: World): Promise<void> {
  world.step('a cloud image of Debian’s packages');
  const image = await makeCloudImage(world.dir);
  const { site, lab } = await readySite(world, { discoverOnly: true, kernelArgs: 'razor.allow_deploy=1' });
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
  const machine = await site.machine({
    name: 'node1',
    nics: [{ mac: '52:54:00:00:1a:01', tap: 'tap0', bootindex: 1 }],
    // written only where the image has something
    args: emptyDisk(site, 'disk', 5 * 1024),
  });
  const { node } = await lab.waitFor('registered', isEvent('registered'), PATIENCE);
  await lab.waitFor('bound', isEvent('bound', node), PATIENCE);
  world.step('the next check-in brings the order');
  await lab.waitFor('the order', isEvent('checkin', node, 'write_image'), PATIENCE);
  const moved = (to: string): Promise<unknown> =>
    lab.waitFor(to, (event) => isEvent('state', node)(event) && event.details?.['to'] === to, PATIENCE);
  await moved('preinstall');
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
  assert.match(log, /bytes are on \/dev\/vda, sha256 [0-9a-f]{64} is right, config drive on partition 2/);
}
