/** Machines on which Facter 4 and this program are asked the same. What Facter says is what is expected. */
import { drive, type LookedAtMachine, machine, nic, q35 } from '../machine.ts';

const MAC = (last: number): string => `52:54:00:0a:01:0${last}`;

export const FACTER_MACHINES: readonly LookedAtMachine[] = [
  {
    name: 'facter-bios',
    why: 'a BIOS, virtio cards and disks, two sockets of two cores, swap, an address of IPv6',
    qemu: machine(
      'pc',
      ...['-m', '1024', '-cpu', 'EPYC', '-smp', '4,sockets=2,cores=2'],
      ...['-smbios', 'type=1,manufacturer=Example,product=Virtual 1,version=2,serial=SN-0001'],
      ...['-smbios', 'type=3,manufacturer=Cases,asset=AT-77', '-uuid', 'c0ffee00-1234-4567-89ab-001122334455'],
      ...[...nic(0, 'virtio-net-pci', MAC(1)), ...nic(1, 'virtio-net-pci', MAC(2))],
      ...[
        ...drive(0),
        ...drive(1),
        '-device',
        'virtio-blk-pci,drive=d0,serial=VB-1',
        '-device',
        'virtio-scsi-pci,id=s',
      ],
      ...['-device', 'scsi-hd,bus=s.0,drive=d1,serial=VS-1,wwn=0x5000c50015ea71aa,rotation_rate=7200'],
    ),
    disks: [64, 96],
    setup: [
      'ip -6 addr add 2001:db8:7::15/64 dev eth0; ip addr add 10.0.2.16/24 dev eth0',
      'mkswap /dev/vda > /dev/null; swapon /dev/vda',
    ].join('\n'),
    facts: {},
  },
  {
    name: 'facter-uefi',
    why: 'UEFI, cards of Intel and VMware, NVMe, SATA and USB disks, an optical drive, threads, a bond with a VLAN',
    uefi: ['OVMF_CODE_4M.fd', 'OVMF_VARS_4M.fd'],
    qemu: q35(
      ...['-m', '1280', '-cpu', 'Skylake-Server', '-smp', '4,sockets=1,cores=2,threads=2'],
      ...['-smbios', 'type=1,manufacturer=Example,product=Server 2,serial=SN-0002'],
      ...[
        '-smbios',
        'type=2,manufacturer=Boards,product=B-2,serial=BS-2',
        '-smbios',
        'type=0,vendor=Firm,version=F1,uefi=on',
      ],
      ...[...nic(0, 'e1000e', MAC(3)), ...nic(1, 'vmxnet3', MAC(4)), ...nic(2, 'e1000', MAC(5))],
      ...[...drive(0), ...drive(1), ...drive(2), '-device', 'nvme,drive=d0,serial=NV-1', '-device', 'qemu-xhci,id=x'],
      ...['-device', 'ide-hd,bus=ide.0,drive=d1,serial=SA-1,model=EXAMPLE DISK', '-device', 'ide-cd,bus=ide.2'],
      ...['-device', 'usb-storage,bus=x.0,drive=d2,serial=US-1'],
    ),
    disks: [64, 96, 128],
    setup: [
      'modprobe -a bonding 8021q; ip link set eth1 down; ip link set eth2 down',
      'ip link set eth1 master bond0; ip link set eth2 master bond0; ip link set bond0 up',
      'ip link add link bond0 name bond0.9 type vlan id 9; ip link set bond0.9 up; ip addr add 10.9.0.5/16 dev bond0.9',
    ].join('\n'),
    facts: {},
  },
];
