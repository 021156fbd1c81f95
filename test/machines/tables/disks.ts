/** Disks: controllers, paths and media that no recording has. */
import assert from 'node:assert/strict';
import { drive, type LookedAtMachine, machine, q35 } from '../machine.ts';

const MIB = 1024 * 1024;
/** Two drives of one file: two paths to one disk. */
const TWO_PATHS = [...drive(0, ',file.locking=off'), '-drive', 'file=@disk0,format=raw,if=none,id=d9,file.locking=off'];

export const DISK_MACHINES: readonly LookedAtMachine[] = [
  {
    name: 'nvme-two-controllers',
    why: 'one NVMe namespace by two controllers of one subsystem: two paths, one disk',
    qemu: q35(
      ...['-device', 'nvme-subsys,id=s0,nqn=s0', ...drive(0)],
      ...['-device', 'nvme,serial=SUB-1,subsys=s0', '-device', 'nvme,serial=SUB-1,subsys=s0'],
      ...['-device', 'nvme-ns,drive=d0,nsid=1,shared=on'],
    ),
    disks: [96],
    facts: { mk_disk_count: '1' },
    // the number is that of the controller that was found first
    look: ({ inventory: { disks } }) =>
      assert.deepEqual(
        disks.map(({ name, size, serial }) => [/^nvme[01]n1$/.test(name), size, serial]),
        [[true, 96 * MIB, 'SUB-1']],
      ),
  },
  {
    name: 'nvme-two-namespaces',
    why: 'two namespaces of one controller are two disks; the second has blocks of 4096 bytes',
    qemu: q35(
      ...['-device', 'nvme,id=n0,serial=NS-2', ...drive(0), ...drive(1)],
      ...['-device', 'nvme-ns,drive=d0,bus=n0,nsid=1'],
      ...['-device', 'nvme-ns,drive=d1,bus=n0,nsid=2,logical_block_size=4096,physical_block_size=4096'],
    ),
    disks: [64, 128],
    facts: {
      mk_disk_count: '2',
      blockdevices: 'nvme0n1,nvme0n2',
      blockdevice_nvme0n2_size: String(128 * MIB),
      mk_disk_nvme0n2_transport: 'nvme',
      mk_disk_nvme0n1_rotational: 'false',
    },
  },
  {
    name: 'ufs',
    why: 'universal flash storage: a logical unit is a SCSI disk',
    needs: ['ufs'],
    qemu: q35('-device', 'ufs,serial=UFS-1', ...drive(0), '-device', 'ufs-lu,drive=d0,lun=0'),
    disks: [64],
    facts: { mk_disk_count: '1', blockdevices: 'sda', blockdevice_sda_size: String(64 * MIB) },
  },
  {
    name: 'scsi-multipath',
    why: 'one disk by two SCSI controllers, known by its world-wide name',
    qemu: q35(
      ...TWO_PATHS,
      ...['-device', 'virtio-scsi-pci,id=s0', '-device', 'virtio-scsi-pci,id=s1'],
      ...['-device', 'scsi-hd,drive=d0,bus=s0.0,wwn=0x5000c50015ea71aa,serial=MP-1,share-rw=on'],
      ...['-device', 'scsi-hd,drive=d9,bus=s1.0,wwn=0x5000c50015ea71aa,serial=MP-1,share-rw=on'],
    ),
    disks: [64],
    facts: {
      mk_disk_count: '1',
      blockdevices: 'sda,sdb',
      mk_disk_sda_serial: 'MP-1',
      mk_disk_sdb_wwn: '0x5000c50015ea71aa',
    },
  },
  {
    name: 'scsi-raid-and-vmware',
    why: 'a RAID controller of the second generation and VMware’s paravirtual one',
    qemu: q35(
      ...[...drive(0), ...drive(1)],
      ...['-device', 'megasas-gen2,id=a', '-device', 'scsi-hd,drive=d0,bus=a.0,scsi-id=1,serial=RAID-0'],
      ...['-device', 'pvscsi,id=b', '-device', 'scsi-hd,drive=d1,bus=b.0,serial=PV-1'],
    ),
    disks: [64, 65],
    facts: { mk_disk_count: '2', blockdevices: 'sda,sdb', mk_hw_disk_count: '2' },
  },
  {
    name: 'usb-disks',
    why: 'disks behind USB, by both protocols; an optical drive without a medium is none',
    qemu: q35(
      ...[
        ...drive(0),
        ...drive(1),
        '-device',
        'qemu-xhci,id=x',
        '-device',
        'usb-storage,bus=x.0,drive=d0,serial=STICK-0',
      ],
      ...['-device', 'usb-uas,bus=x.0,id=u', '-device', 'scsi-hd,bus=u.0,drive=d1,serial=UAS-1'],
      ...['-device', 'ide-cd,bus=ide.0'],
    ),
    disks: [64, 65],
    facts: {
      mk_disk_count: '2',
      blockdevices: 'sda,sdb,sr0',
      mk_disk_sda_transport: 'usb',
      mk_disk_sdb_transport: 'usb',
    },
  },
  {
    name: 'old-scsi',
    why: 'a controller of parallel SCSI, and a RAID controller of the first generation',
    qemu: machine(
      'pc',
      ...[...drive(0), ...drive(1)],
      ...['-device', 'lsi53c895a,id=a', '-device', 'scsi-hd,drive=d0,bus=a.0,scsi-id=3,serial=PAR-0'],
      ...['-device', 'megasas,id=c', '-device', 'scsi-hd,drive=d1,bus=c.0,scsi-id=2,serial=RAID-2'],
    ),
    disks: [64, 66],
    facts: { mk_disk_count: '2', mk_hw_disk_count: '2' },
    look: ({ inventory: { disks } }) =>
      assert.deepEqual(disks.map(({ size, serial, transport }) => [size / MIB, serial, transport]).sort(), [
        [64, 'PAR-0', 'scsi'],
        [66, 'RAID-2', 'scsi'],
      ]),
  },
  {
    name: 'same-serials',
    why: 'cheap sticks and cloned disks have one serial number on three buses: each is a disk all the same',
    qemu: q35(
      ...[0, 1, 2, 3, 4, 5].flatMap((index) => drive(index)),
      ...['-device', 'qemu-xhci,id=x', '-device', 'virtio-scsi-pci,id=s'],
      ...[0, 1].flatMap((i) => ['-device', `usb-storage,bus=x.0,drive=d${i},serial=SAME`]),
      ...[2, 3].flatMap((i) => ['-device', `virtio-blk-pci,drive=d${i},serial=SAME`]),
      ...[4, 5].flatMap((i) => ['-device', `scsi-hd,bus=s.0,drive=d${i},serial=SAME`]),
    ),
    disks: [64, 64, 64, 64, 64, 64],
    facts: { mk_disk_count: '6' },
    look: ({ inventory: { disks } }) =>
      assert.deepEqual(
        disks.map(({ pathTo }) => pathTo),
        Array(6).fill(undefined),
      ),
  },
  {
    name: 'no-disks',
    why: 'a machine without disks: an optical drive with a medium, and one without',
    qemu: q35(
      ...[
        '-drive',
        'file=@file:cd.iso,format=raw,if=none,id=cd,readonly=on,media=cdrom',
        '-device',
        'virtio-scsi-pci,id=s',
      ],
      ...['-device', 'scsi-cd,bus=s.0,drive=cd,serial=CD-1', '-device', 'ide-cd,bus=ide.1'],
    ),
    files: { 'cd.iso': new Uint8Array(2 * MIB) },
    // the old agent’s facts from lshw have no count where there is no disk
    facts: { mk_disk_count: '0', blockdevices: 'sr0,sr1', mk_hw_disk_count: undefined },
  },
  {
    name: 'layers',
    why: 'what lies on a disk or in memory is no disk: loops, compressed memory, memory as a disk, blocks of the kernel’s own',
    qemu: q35(...drive(0), '-device', 'virtio-blk-pci,drive=d0,serial=V-0'),
    disks: [64],
    setup: [
      'modprobe -a loop zram brd null_blk nbd',
      'head -c 1000000 /dev/zero > /tmp/image; losetup /dev/loop0 /tmp/image',
      'echo 8M > /sys/block/zram0/disksize; mkswap /dev/zram0; swapon /dev/zram0',
    ].join('\n'),
    // lshw, of which mk_hw_disk_* come, has no virtio disks
    facts: { mk_disk_count: '1', blockdevices: 'vda', mk_hw_disk_count: undefined },
    look: ({ inventory: { disks, memory } }) => {
      assert.deepEqual(
        disks.map(({ name }) => name),
        ['vda'],
      );
      assert.ok(memory.swap > 7 * MIB && memory.swap < 8.1 * MIB, `swap of ${memory.swap} bytes`);
    },
  },
  {
    name: 'disk-taken-out',
    why: 'one disk was taken out while the machine runs, one does not answer any more, and one is good',
    qemu: q35(
      ...[...drive(0), ...drive(1), ...drive(2), '-device', 'virtio-scsi-pci,id=s'],
      ...[0, 1, 2].flatMap((i) => ['-device', `scsi-hd,bus=s.0,scsi-id=${i},drive=d${i},serial=S-${i}`]),
    ),
    disks: [64, 65, 66],
    setup: 'echo 1 > /sys/block/sda/device/delete; echo offline > /sys/block/sdb/device/state; sleep 1',
    facts: { blockdevices: 'sdb,sdc', mk_disk_count: '1' },
  },
];
