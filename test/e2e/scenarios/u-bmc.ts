/**
 * The management processor: the kernel's own drivers talk KCS to a BMC that QEMU shows, its facts are read, and `identify` lights
 * the chassis. ipmitool comes as an extension from the site's mirror, because Node cannot ask /dev/ipmi0 by itself (no ioctl).
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianExtension } from '../../../tinycore/image/extensions/debian-extension.ts';
import { BMC, startBmc, type Bmc } from '../bmc.ts';
import { shellOn } from '../console.ts';
import { serveFiles } from '../inside.ts';
import { bootDirectly, readySite } from '../ready.ts';
import { factsOf, isEvent, type Scenario, type World } from '../scenario.ts';

const PORT = 8090;
const SECONDS = 37;

export const scenario: Scenario = {
  id: 'u',
  title: 'a BMC behind KCS: its facts by the kernel’s drivers and ipmitool, the command identify',
  gate: false,
  minutes: 15,
  needs: ['apt-get'],
  async run(world) {
    const bmc = await startBmc(join(world.dir, 'bmc.sock'));
    try {
      await play(world, bmc);
    } finally {
      writeFileSync(join(world.dir, 'bmc.txt'), `${bmc.asked.join('\n')}\n`);
      await bmc.close();
    }
  },
};

async function play(world: World, bmc: Bmc): Promise<void> {
  const image = { kernel: 'amd64' } as const;
  world.step('ipmitool becomes an extension of the site’s mirror');
  const web = join(world.dir, 'web');
  const mirror = join(web, 'tinycorelinux/0.x/x86_64/tcz');
  mkdirSync(mirror, { recursive: true });
  const { data, md5 } = await debianExtension('ipmitool', { cache: join(world.dir, 'packages'), epoch: 0 });
  writeFileSync(join(mirror, 'ipmitool.tcz'), data);
  writeFileSync(join(mirror, 'ipmitool.tcz.md5.txt'), `${md5}  ipmitool.tcz\n`);
  writeFileSync(join(web, 'tinycorelinux/tce-install-list'), '["ipmitool.tcz"]');

  const uri = `http://10.77.0.1:${PORT}/tinycorelinux`;
  const pushed = [`mk_tce_mirror_uri=${uri}`, `mk_tce_install_list_uri=${uri}/tce-install-list`];
  const { site, lab } = await readySite(world, { image, discoverOnly: true, lab: ['--mk', ...pushed] });
  await serveFiles(site, web, PORT);
  await site.lan.addTap('tap0');
  const machine = await bootDirectly(world, site, image, {
    name: 'node1',
    memoryMiB: 768,
    nics: [{ mac: '52:54:00:00:00:75', tap: 'tap0' }],
    args: bmc.args,
  });
  world.step('it registers, with what the firmware says of the BMC');
  const { node = '' } = await lab.waitFor('registered', isEvent('registered'), 300_000);
  const facts = await factsOf(site, node);
  assert.deepEqual(
    [facts['mk_bmc'], facts['mk_bmc_interface'], facts['mk_bmc_ipmi_version']],
    ['true', 'KCS (Keyboard Control Style)', '2.0'],
  );

  world.step('the kernel has its device, and the extension is installed');
  const ready =
    'n=0; until [ -x /usr/bin/ipmitool ] || [ $n -gt 90 ]; do n=$((n+1)); sleep 1; done; ls -l /dev/ipmi0 /usr/bin/ipmitool';
  const { status, text } = await shellOn(machine, ready, 180_000);
  assert.equal(status, 0, text);

  const { text: info } = await shellOn(machine, 'ipmitool mc info', 120_000);
  assert.match(info, /^Firmware Revision\s+: 7\.42$/m, info);

  world.step('facts --all are what the BMC says');
  const { text: all } = await shellOn(machine, 'razor-mk facts --all --format facter | grep ^mk_bmc', 120_000);
  const said = {
    firmware: BMC.firmware,
    address: BMC.address,
    netmask: BMC.netmask,
    gateway: BMC.gateway,
    mac: BMC.mac,
  };
  for (const [name, value] of Object.entries(said)) {
    assert.ok(
      new RegExp(`^mk_bmc_${name} => ${value.replaceAll('.', '\\.')}$`, 'm').test(all),
      `${name} ${value}: ${all}`,
    );
  }

  world.step('told to identify itself, it lights the chassis for as long as the server said');
  assert.deepEqual(bmc.identified, []);
  await site.lab('node', 'force', node, 'identify', '--param', JSON.stringify({ seconds: SECONDS }));
  await lab.waitFor('told to identify', isEvent('checkin', node, 'identify'));
  await site.lab('node', 'unforce', node);
  await machineSays(machine, `the chassis LED is lit for ${SECONDS} s|light the chassis LED for ${SECONDS} s`);
  for (let i = 0; i < 100 && bmc.identified.length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(bmc.identified[0], SECONDS);
}

async function machineSays(machine: Parameters<typeof shellOn>[0], pattern: string): Promise<void> {
  const log = '/var/log/rz_mk_controller.log';
  const wait = `n=0; until grep -qE "${pattern}" ${log} || [ $n -gt 60 ]; do n=$((n+1)); sleep 1; done; grep -cE "${pattern}" ${log}; grep -i ipmi ${log} | tail -3`;
  const { text } = await shellOn(machine, wait, 120_000);
  assert.match(text, /^[1-9]\d*\s*$/m, text);
}
