/**
 * A real Ironic and a machine with UEFI whose agent, packaged and live, does what it says: boot entries of the last tenant are removed
 * and the firmware's own stay, a compressed qcow2 image is written, the machine is locked down because Ironic may not turn it off, and
 * a rescue ends in a login with the tenant's password.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OVMF_CODE, OVMF_VARS, type Machine } from '../../../lab/vm/machine.ts';
import type { Site } from '../../../lab/vm/site.ts';
import { must } from '../../../tinycore/image/programs.ts';
import { EFI, gptImage, LINUX, mbrImage } from '../../agent/disk-image/tables/tables.ts';
import type { IronicApi } from '../../ironic/api.ts';
import { sameBytes } from '../../ironic/operations.ts';
import { ironicFiles } from '../../ironic/packages.ts';
import { releaseOf } from '../../ironic/releases.ts';
import { shellOn, typeOn } from '../console.ts';
import { startFarIronic } from '../far-ironic.ts';
import type { ImageChoice } from '../images.ts';
import { bootDirectly } from '../ready.ts';
import type { Scenario, World } from '../scenario.ts';

const RELEASE = process.env['RAZOR_MK_IRONIC_RELEASE'] ?? 'unstable';
const BUILD = new URL(`../../../build/ironic-${RELEASE}`, import.meta.url).pathname;
const MAC = '52:54:00:00:17:01';
const MIB = 2 ** 20;
const SECTORS = (96 * MIB) / 512;
/** First and last sector of the EFI system partition and of the other one. */
const [ESP, ROOT] = [
  [2048, 69_631],
  [69_632, SECTORS - 35],
] as const;
const PASSWORD = 'a password of the tenant';
const TENANT = 'the last tenant';
/** The API with runbooks and disable_power_off. */
const NEW = '1.95';
const PATIENCE = 900_000;

/** What the machine does at the end of each boot: with `test_entries` it makes boot entries as tenants do, and it shows all. */
const AT_BOOT = `#!/bin/sh
exec >/dev/ttyS0 2>&1
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
modprobe efivarfs
mount -t efivarfs efivarfs /sys/firmware/efi/efivars
if grep -q test_entries /proc/cmdline; then
  efibootmgr -q -c -d /dev/vda -p 1 -L '${TENANT}' -l '\\EFI\\debian\\shimx64.efi'
  efibootmgr -q -c -d /dev/vda -p 1 -L '${TENANT} too' -l '\\EFI\\fedora\\grubx64.efi'
fi
efibootmgr -v
echo "ENTRIES ""SHOWN"
`;

interface Play {
  readonly world: World;
  readonly site: Site;
  readonly api: IronicApi;
  readonly node: string;
  readonly disk: string;
  readonly image: ImageChoice;
  readonly vars: string;
}

/** Boots the machine with Ironic's words; resolves when its boot entries were shown, with them. */
async function boot({ world, site, api, image, disk, vars }: Play, name: string, words: string) {
  world.step(`the machine is started: ${name}`);
  const line = `ipa-api-url=${api.url} BOOTIF=${MAC} ipa-lookup-timeout=3600 ${words}`;
  const machine = await bootDirectly(world, site, image, {
    name,
    nics: [{ mac: MAC, tap: 'tap0' }],
    memoryMiB: 1024,
    board: 'q35',
    append: line,
    noReboot: true,
    args: [
      ...[
        '-drive',
        `if=pflash,format=raw,readonly=on,file=${OVMF_CODE}`,
        '-drive',
        `if=pflash,format=raw,file=${vars}`,
      ],
      ...['-drive', `file=${disk},format=raw,if=none,id=d0`, '-device', 'virtio-blk-pci,drive=d0,serial=osdisk'],
    ],
  });
  const from = await machine.expect(/agent is started/, { timeoutMs: PATIENCE });
  await machine.expect(/ENTRIES SHOWN/, { timeoutMs: PATIENCE, from });
  return { machine, entries: (await machine.console()).split('\n').filter((each) => /^Boot[0-9A-F]{4}/.test(each)) };
}

async function reach({ world, api, node, site }: Play, state: string): Promise<void> {
  world.step(`Ironic: ${state} is waited for`);
  const onState = (now: string): void => site.timeline.add('node1', 'command', `Ironic: ${now}`);
  await api.follow(node, [state], { timeoutMs: PATIENCE, onState });
  assert.equal((await api.node(node)).last_error, null);
}

/** In a version of the API that is newer than the cases' own. */
async function set({ api, node }: Play, values: Readonly<Record<string, unknown>>): Promise<void> {
  const body = Object.entries(values).map(([path, value]) => ({ op: 'add', path: `/${path}`, value }));
  const { status, text } = await api.ask('PATCH', `/v1/nodes/${node}`, { body, version: NEW });
  assert.ok(status < 400, text);
}

async function enrol(api: IronicApi, filesUrl: string): Promise<string> {
  const driverInfo = Object.fromEntries(
    ['deploy_kernel', 'deploy_ramdisk', 'rescue_kernel', 'rescue_ramdisk'].map((key) => [
      key,
      `${filesUrl}/${key.split('_')[1] ?? ''}`,
    ]),
  );
  const { json } = await api.must('POST', '/v1/nodes', {
    driver: 'manual-management',
    driver_info: driverInfo,
    properties: { capabilities: 'boot_option:local,boot_mode:uefi' },
    automated_clean: false,
  });
  const { uuid } = json as { uuid: string };
  await api.must('POST', '/v1/ports', { node_uuid: uuid, address: MAC });
  return uuid;
}

/** An image of a disk with a boot loader that UEFI finds by its name, as qcow2; its raw form is beside it. */
async function makeImage(dir: string): Promise<{ readonly raw: string; readonly qcow2: string }> {
  const [esp, raw, qcow2] = ['esp', 'cloud.raw', 'cloud.qcow2'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  const [loader, list] = [join(dir, 'loader'), join(dir, 'list')];
  writeFileSync(loader, 'stands for a boot loader');
  writeFileSync(list, Buffer.from('\uFEFFshimx64.efi,cloud,,the image’s own\n', 'utf16le'));
  const sectors = ESP[1] - ESP[0] + 1;
  await must(['mformat', '-C', '-i', esp, '-F', '-T', String(sectors), '-h', '16', '-s', '32', '::']);
  await must(['mmd', '-i', esp, '::/EFI', '::/EFI/cloud']);
  await must(['mcopy', '-i', esp, loader, '::/EFI/cloud/shimx64.efi']);
  await must(['mcopy', '-i', esp, list, '::/EFI/cloud/BOOTX64.CSV']);
  const image = gptImage(SECTORS, [
    { type: EFI, name: 'esp', first: ESP[0], last: ESP[1] },
    { type: LINUX, name: 'root', first: ROOT[0], last: ROOT[1] },
  ]);
  readFileSync(esp).copy(image, ESP[0] * 512);
  randomBytes(16 * MIB).copy(image, ROOT[0] * 512);
  image.fill(0, ROOT[0] * 512 + 20 * MIB, (SECTORS - 34) * 512);
  writeFileSync(raw, image);
  await must(['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', '-c', '-o', 'compression_type=zstd', raw, qcow2]);
  return { raw, qcow2 };
}

async function cleansBootEntries(play: Play): Promise<void> {
  const { api, node, world } = play;
  const before = await boot(play, 'cleaned', 'razor.allow_erase=1 test_entries=1');
  const own = before.entries.filter((each) => !each.includes(TENANT));
  assert.equal(before.entries.length - own.length, 2, before.entries.join('\n'));
  assert.ok(own.length > 0, before.entries.join('\n'));
  world.step('manual cleaning: clean_uefi_nvram');
  await api.provision(node, 'clean', { clean_steps: [{ interface: 'deploy', step: 'clean_uefi_nvram' }] });
  await reach(play, 'clean wait');
  await reach(play, 'manageable');
  await before.machine.stop();
  // what the firmware shows at the next boot is checked there
}

async function deploysAndLocksDown(play: Play, filesUrl: string, made: { raw: string; qcow2: string }): Promise<void> {
  const { api, node, disk } = play;
  const sum = createHash('sha256').update(readFileSync(made.qcow2)).digest('hex');
  await set(play, {
    'instance_info/image_source': `${filesUrl}/cloud.qcow2`,
    'instance_info/image_os_hash_algo': 'sha256',
    'instance_info/image_os_hash_value': sum,
    'instance_info/image_disk_format': 'qcow2',
    'instance_info/root_gb': 4,
    disable_power_off: true,
  });
  await api.provision(node, 'provide');
  await reach(play, 'available');
  await api.provision(node, 'active');
  await reach(play, 'wait call-back');
  const { machine, entries } = await boot(play, 'deployed', 'razor.allow_deploy=1');
  assert.equal(entries.filter((each) => each.includes(TENANT)).length, 0, entries.join('\n'));
  assert.ok(entries.length > 0, 'the firmware’s own entries are left');
  await reach(play, 'active');
  const said = await agentSaid(machine, 'tc', 'tc of the test');
  assert.match(said, /qcow2/);
  assert.match(said, /bytes are on \/dev\/vda, sha256 [0-9a-f]{64} is right/);
  assert.match(said, /take eth0 down, and take no more commands/);
  assert.equal((await shellOn(machine, 'cat /sys/class/net/eth0/operstate | grep -q down')).status, 0);
  await machine.stop();
  for (const [first, last] of [ESP, ROOT]) {
    await sameBytes(made.raw, disk, (last - first + 1) * 512, [first * 512, first * 512]);
  }
  const verified = await must(['sfdisk', '--verify', disk]);
  assert.match(verified.stdout.toString() + verified.stderr.toString(), /No errors detected/);
}

async function rescues(play: Play): Promise<void> {
  const { api, node } = play;
  await api.provision(node, 'rescue', { rescue_password: PASSWORD });
  await reach(play, 'rescue wait');
  const { machine, entries } = await boot(play, 'rescued', '');
  assert.ok(
    entries.some((each) => /shimx64\.efi/i.test(each)),
    `the written image's own entry is there:\n${entries.join('\n')}`,
  );
  await reach(play, 'rescue');
  await typeOn(machine, 'rescue\r');
  await machine.expect(/assword:/, { timeoutMs: PATIENCE });
  await typeOn(machine, 'a guess\r');
  await machine.expect(/Login incorrect/, { timeoutMs: PATIENCE });
  const said = await agentSaid(machine, 'rescue', PASSWORD);
  assert.match(said, /rescue: the user rescue may log in by the consoles/);
  assert.doesNotMatch(said, /a password of|\$6\$/);
  const { text } = await shellOn(machine, 'id -u; grep ^rescue: /etc/shadow');
  assert.match(text, /^0$/m);
  assert.match(text, /^rescue:\$\d\$/m);
  await machine.stop();
}

async function rebootsOutOfBand(play: Play): Promise<void> {
  const { api, node } = play;
  await api.provision(node, 'unrescue');
  await reach(play, 'active');
  await set(play, { disable_power_off: false, 'driver_info/deploy_forces_oob_reboot': true });
  await api.provision(node, 'rebuild');
  await reach(play, 'wait call-back');
  const { machine } = await boot(play, 'rebuilt', 'razor.allow_deploy=1');
  await reach(play, 'active');
  const said = await agentSaid(machine, 'tc', 'tc of the test');
  assert.match(said, /standby\.sync: succeeded/);
  assert.doesNotMatch(said, /power_off|lockdown/);
  await machine.stop();
}

/** Logs in on the serial console; resolves to what the agent has said since the boot. */
async function agentSaid(machine: Machine, user: string, password: string): Promise<string> {
  const from = (await machine.console()).length;
  await typeOn(machine, `\r${user}\r`);
  const asked = await machine.expect(/assword:/, { timeoutMs: PATIENCE, from });
  await typeOn(machine, `${password}\r`);
  await machine.expect(/[#$] $/, { timeoutMs: PATIENCE, from: asked });
  return (await shellOn(machine, 'cat /var/log/razor-mk.out')).text;
}

export const scenario: Scenario = {
  id: 'w',
  title: `a real Ironic (${RELEASE}) and a live machine with UEFI: boot entries, a qcow2 image, lockdown, a rescue with a login`,
  gate: false,
  minutes: 40,
  needs: ['cmp', 'setpriv', 'qemu-img', 'mformat', 'sfdisk', 'openssl'],
  lacks: async () => {
    const files = await ironicFiles(BUILD, releaseOf(RELEASE), () => undefined);
    return typeof files === 'string' ? files : undefined;
  },
  async run(world) {
    const script = join(world.dir, 'at-boot.sh');
    writeFileSync(script, AT_BOOT, { mode: 0o755 });
    const hash = (await must(['openssl', 'passwd', '-6', '-salt', 'test', 'tc of the test'])).stdout.toString().trim();
    const args = ['--erase', '--password-hash', hash, '--file', `${script}:/opt/bootlocal.sh`];
    const image = { kernel: 'cloud', flavour: 'dev', variant: 'live', args } as const;
    await world.images.microkernel(image);
    const [disk, vars] = [join(world.dir, 'disk.raw'), join(world.dir, 'node1.vars')];
    writeFileSync(disk, mbrImage((64 * MIB) / 512));
    truncateSync(disk, 5 * 2 ** 30); // sparse
    copyFileSync(OVMF_VARS, vars);
    world.step('open the site; Ironic starts in it');
    const site = await world.site();
    await site.lan.startDhcp({ nextServer: null });
    await site.lan.addTap('tap0');
    const ironic = await startFarIronic(site, BUILD, join(BUILD, 'site'), RELEASE);
    const made = await makeImage(ironic.root);
    const { api } = ironic;
    const node = await enrol(api, ironic.filesUrl);
    const play: Play = { world, site, api, node, disk, image, vars };
    await api.provision(node, 'manage');
    await reach(play, 'manageable');
    await cleansBootEntries(play);
    await deploysAndLocksDown(play, ironic.filesUrl, made);
    await rescues(play);
    await rebootsOutOfBand(play);
  },
};
