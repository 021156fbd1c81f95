import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../../../../platform/process/run.ts';
import { defaultDrivers, missingDrivers } from '../../../../tinycore/image/modules/drivers.ts';
import { entriesOfDirectory } from '../../../../tinycore/image/initrd/directory-entries.ts';
import { ipxeScript } from '../../../../tinycore/image/netboot/ipxe.ts';
import { memoryNeeded } from '../../../../tinycore/image/initrd/memory-need.ts';
import { parseModulesDep, parseSoftdep, selectModules } from '../../../../tinycore/image/modules/modules.ts';

const BASE = join(import.meta.dirname, '../../../../tinycore/base');

test('the shell scripts of the base are clean under shellcheck, and busybox-like sh parses them', async (t) => {
  const scripts = entriesOfDirectory(BASE)
    .filter((entry) => entry.type === 'file' && Buffer.from(entry.data).toString('latin1', 0, 2) === '#!')
    .map((entry) => join(BASE, entry.path));
  assert.ok(scripts.length >= 9, `${scripts.length} scripts`);
  for (const script of scripts) assert.equal((await run(['sh', '-n', script])).status, 0, script);
  const result = await run(['shellcheck', '-s', 'sh', ...scripts]);
  if (result.failure === 'not-found') return t.skip('shellcheck is not installed: only parsed');
  assert.equal(result.status, 0, result.stdout.toString());
});

test('nobody can log in to the base by a password', () => {
  const shadow = readFileSync(join(BASE, 'etc/shadow'), 'utf8').trim().split('\n');
  assert.ok(shadow.every((line) => line.split(':')[1] === '*'));
});

test('every default driver has a class and a reason, and stands once', () => {
  const drivers = [
    ...new Map(
      [...defaultDrivers('x64'), ...defaultDrivers('arm64')].map((each) => [each.module + each.reason, each]),
    ).values(),
  ];
  for (const { group, module, reason } of drivers) {
    assert.ok(['nic', 'storage', 'bus', 'fs', 'node'].includes(group), module);
    assert.ok(reason.length > 2, module);
  }
  assert.equal(new Set(drivers.map((driver) => driver.module)).size, drivers.length);
  assert.ok(drivers.filter((driver) => driver.group === 'nic').length > 40);
  // the driver of a card is another one than that of its slot, and no file of the device names it (coldplug)
  for (const module of ['sdhci_pci', 'mmc_block']) assert.ok(drivers.some((driver) => driver.module === module));
  assert.match(readFileSync(join(BASE, 'etc/init.d/coldplug'), 'utf8'), /mmc_host.*modprobe -q mmc_block/);
});

test('only network and storage drivers count as missing, and dashes are underscores', () => {
  const missing = missingDrivers(new Set(['virtio_net', 'tg3']), 'x64').map((driver) => driver.module);
  assert.ok(!missing.includes('tg3') && missing.includes('bnx2') && missing.includes('ahci'));
  assert.ok(!missing.includes('loop'));
});

test('a module brings what it needs, hard and soft, and says what this kernel does not have', () => {
  const index = {
    dep: parseModulesDep(
      'kernel/a.ko: kernel/b.ko kernel/c.ko\nkernel/b.ko: kernel/c.ko\nkernel/c.ko:\nkernel/soft-one.ko.xz:\n',
    ),
    softdep: parseSoftdep('# comment\nsoftdep c pre: soft-one post: gone\n'),
    builtin: new Set(['nvme']),
  };
  assert.deepEqual(selectModules(index, ['a', 'nvme', 'tg3']), {
    paths: ['kernel/a.ko', 'kernel/b.ko', 'kernel/c.ko', 'kernel/soft-one.ko.xz'],
    builtin: ['nvme'],
    missing: ['tg3'],
  });
});

test('the memory that is asked for is twice the unpacked tree, because the root file system gets half', () => {
  assert.ok(memoryNeeded(110e6, 40e6) > (220e6 + 40e6) / 1048576);
  assert.ok(memoryNeeded(110e6, 40e6) < 320);
  // a small image: the running agent sets the border, as seen with 35.3 MB unpacked, 33.8 MB packed
  assert.ok(memoryNeeded(35.3e6, 33.8e6) > 114 && memoryNeeded(35.3e6, 33.8e6) <= 122);
});

test('the iPXE script asks with the addresses of all cards, and each step that fails leads somewhere', () => {
  const script = ipxeScript({ port: 8026, cards: 8 });
  assert.match(script, /^#!ipxe\n/);
  assert.match(
    script,
    /chain http:\/\/\$\{next-server\}:8026\/razor\/api\/boot\?hw_id=\$\{net0\/mac\}_.*_\$\{net7\/mac\}&dhcp_mac=\$\{dhcp_mac\} \|\| goto error/,
  );
  const labels = new Set([...script.matchAll(/^:(\w+)$/gm)].map((match) => match[1]));
  for (const [, target] of script.matchAll(/goto (\w+)/g)) assert.ok(labels.has(target), target);
  for (const line of script.split('\n').filter((text) => /^(dhcp|chain|isset) /.test(text)))
    assert.match(line, /\|\| goto|&& (goto ask|exit 1|set \S+ \S+) \|\|$/, line);
  assert.equal(script.match(/^isset \$\{net\d/gm)?.length, 8);
  assert.equal(script.match(/^isset \$\{proxydhcp\/next-server\} /gm)?.length, 1);
});

test('drivers that only one processor’s machines have are not asked of the other', () => {
  const [pc, arm] = [defaultDrivers('x64'), defaultDrivers('arm64')].map(
    (all) => new Set(all.map((each) => each.module)),
  );
  for (const module of ['forcedeth', 'coretemp', 'i8042']) assert.ok(pc?.has(module) && !arm?.has(module), module);
  for (const module of ['hns3', 'hisi_sas_v3_hw', 'sbsa_gwdt']) assert.ok(!pc?.has(module) && arm?.has(module), module);
  assert.ok(pc?.has('mlx5_core') && arm?.has('mlx5_core'));
  assert.ok(missingDrivers(new Set(), 'arm64').some(({ module }) => module === 'hns3'));
  assert.ok(!missingDrivers(new Set(), 'x64').some(({ module }) => module === 'hns3'));
});
