import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { collectFacts, openSources } from '../../../../facts/facts.ts';
import { readBlockDevices, readDisks } from '../../../../facts/groups/devices/read-disks.ts';
import { makeTree, type TreeFiles } from '../../../helpers/tree.ts';

/** One entry of /sys/block whose device lies at `place` below /sys/devices; a device without hardware has none. */
function disk(name: string, place: string, attributes: TreeFiles = {}, device: TreeFiles | undefined = {}): TreeFiles {
  const dir = `sys/devices/${place}/block/${name}`;
  const files: Record<string, string | Uint8Array> = {
    [`sys/block/${name}`]: `-> ../devices/${place}/block/${name}`,
    [`${dir}/size`]: '20971520\n',
    [`${dir}/ro`]: '0\n',
    [`${dir}/removable`]: '0\n',
    ...Object.fromEntries(Object.entries(attributes).map(([file, text]) => [`${dir}/${file}`, text])),
  };
  if (device === undefined) return files;
  files[`${dir}/device`] = '-> ../..';
  for (const [file, text] of Object.entries({ uevent: '', ...device })) files[`sys/devices/${place}/${file}`] = text;
  return files;
}

async function countOf(root: string): Promise<string | undefined> {
  return (await collectFacts({ sources: openSources({ root }) })).facts.get('mk_disk_count')?.value;
}

function fitness(t: TestContext, files: TreeFiles): Record<string, string | undefined> {
  const root = makeTree(t, files);
  return Object.fromEntries(readBlockDevices(openSources({ root })).map(({ name, unfit }) => [name, unfit]));
}

const NVME = 'pci0000:00/0000:00:04.0/nvme/nvme0';

test('the hidden paths of an NVMe namespace are not disks: the namespace is one disk', async (t) => {
  const root = makeTree(t, {
    ...disk('nvme0n1', 'virtual/nvme-subsystem/nvme-subsys0', { wwid: 'eui.01\n', hidden: '0\n' }),
    ...disk('nvme0c0n1', NVME, { wwid: 'eui.01\n', hidden: '1\n' }),
    ...disk('nvme0c1n1', 'pci0000:00/0000:00:05.0/nvme/nvme1', { wwid: 'eui.01\n', hidden: '1\n' }),
  });
  assert.deepEqual(
    readDisks(openSources({ root })).map(({ name }) => name),
    ['nvme0n1'],
  );
  assert.equal(await countOf(root), '1');
});

test('serial number and model padded with NULs and blanks are clean in the inventory too', (t) => {
  const padded = { serial: `abc-disk-0${'\0'.repeat(10)}\n`, model: 'MADE UP  \0\0\n', firmware_rev: '1.0\0\0\n' };
  const root = makeTree(t, disk('nvme0n1', NVME, {}, padded));
  const [one] = readDisks(openSources({ root }));
  assert.deepEqual([one?.serial, one?.model, one?.firmware], ['abc-disk-0', 'MADE UP', '1.0']);
});

test('what cannot hold a system is named with the reason, and is not counted', async (t) => {
  const usb = 'pci0000:00/0000:00:14.0/usb1/1-1/1-1:1.0/host6/target6:0:0/6:0:0:0';
  const files = {
    ...disk('sda', 'pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0'),
    ...disk('sdb', usb, { size: '0\n', removable: '1\n' }, { vendor: 'Generic\n', model: 'Card Reader\n' }),
    ...disk('sdc', `${usb}/b`, { removable: '1\n' }, { vendor: 'AMI\n', model: 'Virtual Floppy0\n' }),
    ...disk('sdd', `${usb}/c`, { ro: '1\n' }),
    ...disk('sde', 'pci0000:00/0000:00:17.0/ata3/host2/target2:0:0/2:0:0:0', { 'queue/zoned': 'host-managed\n' }),
    ...disk('sdf', 'pci0000:00/0000:00:17.0/ata4/host3/target3:0:0/3:0:0:0', { 'queue/zoned': 'host-aware\n' }),
    ...disk('sr0', 'pci0000:00/0000:00:17.0/ata2/host1/target1:0:0/1:0:0:0', {}, { type: '5\n' }),
    ...disk('fd0', 'platform/floppy.0'),
    ...disk('mmcblk0', 'pci0000:00/0000:00:1a.0/mmc0/mmc0:0001'),
    ...disk('mmcblk0boot0', 'pci0000:00/0000:00:1a.0/mmc0/mmc0:0001', { ro: '1\n' }),
    ...disk('mmcblk0gp0', 'pci0000:00/0000:00:1a.0/mmc0/mmc0:0001'),
    ...disk('md0', 'virtual', {}, undefined),
    ...disk('bcache0', 'virtual', {}, undefined),
    ...disk('rbd0', 'rbd/0'),
  };
  assert.deepEqual(fitness(t, { ...files, ...disk('loop0', 'virtual', {}, undefined) }), {
    bcache0: 'put together from other devices, or lent by the network',
    fd0: 'a floppy drive',
    md0: 'put together from other devices, or lent by the network',
    mmcblk0: undefined,
    mmcblk0boot0: 'an area of an eMMC chip beside its user area',
    mmcblk0gp0: 'an area of an eMMC chip beside its user area',
    rbd0: 'put together from other devices, or lent by the network',
    sda: undefined,
    sdb: 'no medium in it',
    sdc: 'virtual media of the BMC',
    sdd: 'read-only',
    sde: 'its zones take nothing but writes in order (host-managed)',
    sdf: undefined,
    sr0: 'an optical drive',
  });
  assert.equal(await countOf(makeTree(t, files)), '3');
});

test('the disks of VMware and Hyper-V are called virtual and are disks all the same', (t) => {
  const place = 'pci0000:00/0000:00:10.0/host2/target2:0:0/2:0:0:0';
  const vmware = disk('sda', place, {}, { vendor: 'VMware\n', model: 'Virtual disk\n', type: '0\n' });
  const hyperv = disk('sdb', `${place}/b`, {}, { vendor: 'Msft\n', model: 'Virtual Disk\n', type: '0\n' });
  assert.deepEqual(fitness(t, { ...vmware, ...hyperv }), { sda: undefined, sdb: undefined });
});

test('a LUN of a SAN by two paths is one disk, and the path that takes commands stands for it', async (t) => {
  const path = (host: number, state: string): readonly [string, TreeFiles, TreeFiles] => [
    `pci0000:00/0000:00:0${host}.0/host${host}/rport-${host}:0-0/target${host}:0:0/${host}:0:0:1`,
    {},
    { wwid: 'naa.600a0b80001122330000aabb00112233\n', access_state: `${state}\n`, type: '0\n' },
  ];
  const files = {
    ...disk('sda', ...path(3, 'standby')),
    ...disk('sdb', ...path(4, 'active/optimized')),
    ...disk('sdc', ...path(5, 'active/non-optimized')),
  };
  for (const [name, host] of Object.entries({ sda: 3, sdb: 4, sdc: 5 })) {
    Object.assign(files, { [`sys/devices/${path(host, '')[0]}/block/${name}/device`]: `-> ../../../${host}:0:0:1` });
  }
  const root = makeTree(t, files);
  assert.deepEqual(
    readDisks(openSources({ root })).map(({ name, pathTo, unfit }) => [name, pathTo, unfit]),
    [
      ['sda', 'sdb', 'its path is standby'],
      ['sdb', undefined, undefined],
      ['sdc', 'sdb', 'another path to sdb'],
    ],
  );
  assert.equal(await countOf(root), '1');
});

test('a SCSI disk that the kernel has given up takes no system; of two paths the one that answers stands for the disk', async (t) => {
  const of = (name: string, host: number, state: string, wwid: string): TreeFiles => {
    const place = `pci0000:00/0000:00:0${host}.0/host${host}/target${host}:0:0/${host}:0:0:0`;
    const files = disk(name, place, {}, { state: `${state}\n`, type: '0\n', wwid: `${wwid}\n` });
    return { ...files, [`sys/devices/${place}/block/${name}/device`]: `-> ../../../${host}:0:0:0` };
  };
  const shared = 'naa.600a0b80001122330000aabb00112299';
  const root = makeTree(t, {
    ...of('sda', 2, 'running', 'naa.5000c50000000001'),
    ...of('sdb', 3, 'offline', 'naa.5000c50000000002'),
    ...of('sdc', 4, 'transport-offline', shared),
    ...of('sdd', 5, 'running', shared),
    ...of('sde', 6, 'quiesce', 'naa.5000c50000000005'),
  });
  assert.deepEqual(
    readDisks(openSources({ root })).map(({ name, pathTo, unfit }) => [name, pathTo, unfit]),
    [
      ['sda', undefined, undefined],
      ['sdb', undefined, 'it does not answer (offline)'],
      ['sdc', 'sdd', 'it does not answer (transport-offline)'],
      ['sdd', undefined, undefined],
      ['sde', undefined, undefined],
    ],
  );
  assert.equal(await countOf(root), '3');
});
