/** Media and drives beside plain disks: cards, tapes, floppies, zones, read-only ones, odd serial numbers. */
import assert from 'node:assert/strict';
import { drive, type LookedAtMachine, machine, q35, type Seen } from '../machine.ts';

const MIB = 1024 * 1024;

/** Name, size in MiB, serial number and transport of each disk that takes a system, sorted. */
function disksOf({ inventory }: Seen): (readonly [number, string | undefined, string | undefined])[] {
  return inventory.disks
    .filter(({ unfit }) => unfit === undefined)
    .map(({ size, serial, transport }) => [size / MIB, serial, transport] as const)
    .sort(([a], [b]) => a - b);
}

export const MEDIA_MACHINES: readonly LookedAtMachine[] = [
  {
    name: 'sd-card',
    why: 'an SD card behind a PCI host controller',
    qemu: q35(...drive(0), '-device', 'sdhci-pci', '-device', 'sd-card,drive=d0'),
    disks: [64],
    setup: 'modprobe mmc_block; sleep 5; dmesg | grep -i mmc || true; ls /sys/bus/mmc/devices',
    facts: {
      mk_disk_count: '1',
      blockdevices: 'mmcblk0',
      blockdevice_mmcblk0_size: String(64 * MIB),
      mk_disk_mmcblk0_transport: 'mmc',
      mk_disk_mmcblk0_serial: '0xdeadbeef',
    },
  },
  {
    name: 'virtio-serials',
    why: 'virtio disks with a serial number as long as it may be, with blanks in and around it, and with none; blocks of 4096',
    qemu: q35(
      ...[...drive(0), ...drive(1), ...drive(2)],
      ...['-device', 'virtio-blk-pci,drive=d0,serial=ABCDEFGHIJKLMNOPQRST,num-queues=4'],
      ...['-device', 'virtio-blk-pci,drive=d1,serial= A 1 ', '-smp', '2'],
      ...['-device', 'virtio-blk-pci,drive=d2,logical_block_size=4096,physical_block_size=4096'],
    ),
    disks: [61, 62, 64],
    facts: { mk_disk_count: '3', blockdevice_vdc_size: String(64 * MIB), mk_disk_vda_serial: 'ABCDEFGHIJKLMNOPQRST' },
    look: (seen) => {
      assert.deepEqual(disksOf(seen), [
        [61, 'ABCDEFGHIJKLMNOPQRST', 'virtio'],
        [62, 'A 1', 'virtio'],
        [64, undefined, 'virtio'],
      ]);
      assert.equal(seen.inventory.disks[2]?.logicalSector, 4096);
    },
  },
  {
    name: 'read-only',
    why: 'read-only disks on three buses and one that can be written',
    qemu: q35(
      ...[drive(0, ',readonly=on'), drive(1, ',readonly=on'), drive(2, ',readonly=on'), drive(3)].flat(),
      ...['-device', 'virtio-blk-pci,drive=d0', '-device', 'virtio-scsi-pci,id=s', '-device', 'qemu-xhci,id=x'],
      ...['-device', 'scsi-hd,bus=s.0,drive=d1', '-device', 'usb-storage,bus=x.0,drive=d2'],
      ...['-device', 'scsi-hd,bus=s.0,drive=d3,logical_block_size=4096,physical_block_size=4096,serial=RW-3'],
    ),
    disks: [61, 62, 63, 64],
    facts: { mk_disk_count: '1' },
    look: (seen) => assert.deepEqual(disksOf(seen), [[64, 'RW-3', 'virtio']]),
  },
  {
    name: 'floppy-and-ide',
    why: 'two IDE disks on one cable, an optical drive without a medium, a floppy with one',
    qemu: machine(
      'pc',
      ...[...drive(0), ...drive(1)],
      ...['-drive', 'if=floppy,format=raw,file=@file:floppy.img', '-device', 'ide-cd,bus=ide.1,unit=0'],
      ...['-device', 'ide-hd,bus=ide.0,unit=0,drive=d0,serial=IDE-0,wwn=0x5000c500aabbccdd,model=OLD DISK'],
      ...['-device', 'ide-hd,bus=ide.0,unit=1,drive=d1,serial=IDE-1'],
    ),
    disks: [61, 62],
    files: { 'floppy.img': new Uint8Array(1_474_560) },
    setup: 'modprobe floppy; sleep 2',
    facts: {
      mk_disk_count: '2',
      blockdevices: 'fd0,sda,sdb,sr0',
      mk_disk_sdb_transport: 'sata',
    },
    // which of the two is sda is not the same at every boot
    look: ({ inventory: { disks } }) => {
      const first = disks.find(({ serial }) => serial === 'IDE-0');
      assert.deepEqual([first?.wwn, first?.model], ['0x5000c500aabbccdd', 'OLD DISK']);
    },
  },
  {
    name: 'tape',
    why: 'a tape drive on SCSI is no disk',
    qemu: q35(...drive(0), '-device', 'virtio-blk-pci,drive=d0'),
    disks: [64],
    setup: 'modprobe scsi_debug ptype=1; modprobe st',
    facts: { mk_disk_count: '1', blockdevices: 'vda' },
  },
  {
    name: 'enclosure',
    why: 'a SCSI enclosure is no disk',
    qemu: q35(...drive(0), '-device', 'virtio-blk-pci,drive=d0'),
    disks: [64],
    setup: 'modprobe scsi_debug ptype=13; modprobe ses',
    facts: { mk_disk_count: '1', blockdevices: 'vda' },
  },
  {
    name: 'many-luns',
    why: 'three logical units of one target, two targets of one adapter',
    qemu: q35(
      ...[0, 1, 2, 3].flatMap((index) => drive(index)),
      ...['-device', 'virtio-scsi-pci,id=s,addr=5'],
      ...[0, 1, 5].flatMap((lun, i) => ['-device', `scsi-hd,bus=s.0,scsi-id=4,lun=${lun},drive=d${i},serial=L-${lun}`]),
      ...['-device', 'scsi-hd,bus=s.0,scsi-id=6,drive=d3,serial=T-6,rotation_rate=7200'],
    ),
    disks: [61, 62, 63, 64],
    facts: { mk_disk_count: '4' },
    look: ({ inventory }) =>
      assert.deepEqual(
        inventory.disks.map(({ serial, hctl, byPath }) => [serial, hctl?.replace(/^\d+/, 'H'), byPath]).sort(),
        [
          ['L-0', 'H:0:4:0', '/dev/disk/by-path/pci-0000:00:05.0-scsi-0:0:4:0'],
          ['L-1', 'H:0:4:1', '/dev/disk/by-path/pci-0000:00:05.0-scsi-0:0:4:1'],
          ['L-5', 'H:0:4:5', '/dev/disk/by-path/pci-0000:00:05.0-scsi-0:0:4:5'],
          ['T-6', 'H:0:6:0', '/dev/disk/by-path/pci-0000:00:05.0-scsi-0:0:6:0'],
        ],
      ),
  },
  {
    name: 'zoned',
    why: 'a disk of zones that are written in order takes no partition table; a controller without a namespace is no disk',
    qemu: q35(
      ...[...drive(0), ...drive(1), '-device', 'nvme,id=n0,serial=ZONED', '-device', 'nvme,serial=EMPTY'],
      ...['-device', 'nvme-ns,drive=d0,bus=n0,nsid=1,zoned=on,zoned.zone_size=16M,zoned.zone_capacity=16M'],
      ...['-device', 'nvme,drive=d1,serial= BLANKS 7 '],
    ),
    disks: [64, 61],
    facts: { mk_disk_count: '1' },
    look: (seen) => {
      assert.deepEqual(disksOf(seen), [[61, 'BLANKS 7', 'nvme']]);
      const zoned = seen.inventory.disks.find(({ serial }) => serial === 'ZONED');
      assert.match(zoned?.unfit ?? 'fit', /zone/);
    },
  },
];
