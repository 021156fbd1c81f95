/** Network cards, and what is built on them. */
import assert from 'node:assert/strict';
import { drive, type LookedAtMachine, machine, nic, q35 } from '../machine.ts';

const MAC = (last: number): string => `52:54:00:0a:00:${String(last).padStart(2, '0')}`;

export const NETWORK_MACHINES: readonly LookedAtMachine[] = [
  {
    name: 'usb-net',
    why: 'a card on USB with a locally administered address, as a BMC lends it, beside the machine’s own',
    qemu: q35(
      ...['-device', 'qemu-xhci,id=x', ...nic(0, 'usb-net', MAC(1), ',bus=x.0')],
      ...nic(1, 'virtio-net-pci', MAC(2)),
    ),
    facts: { mk_hw_nic_count: '2', mk_nic_usb0_pci: undefined },
    id: [MAC(2)],
    look: ({ inventory }) =>
      assert.match(inventory.interfaces.find(({ name }) => name === 'usb0')?.foreign ?? '', /host interface/),
  },
  {
    name: 'igb-functions',
    why: 'a card with SR-IOV and two virtual functions that are switched on',
    needs: ['igb'],
    qemu: q35('-device', 'pcie-root-port,id=r,chassis=1', ...nic(0, 'igb', MAC(1), ',bus=r')),
    setup: 'echo 2 > /sys/class/net/eth0/device/sriov_numvfs; sleep 1; modprobe igbvf; sleep 1',
    facts: { mk_nic_eth0_sriov_vfs: '2/7', mk_nic_eth0_driver: 'igb' },
    id: [MAC(1)],
    look: ({ inventory }) => {
      assert.equal(inventory.interfaces.find(({ name }) => name === 'eth0')?.sriovTotal, 7);
      assert.deepEqual(
        inventory.interfaces.map(({ driver, bootable }) => [driver, bootable]),
        [
          ['igb', true],
          ['igbvf', false],
          ['igbvf', false],
        ],
      );
    },
  },
  {
    name: 'can',
    why: 'a CAN controller is a network interface without an address',
    qemu: q35(
      ...['-object', 'can-bus,id=cb', '-device', 'kvaser_pci,canbus=cb'],
      ...nic(0, 'virtio-net-pci', MAC(1), ',host_mtu=9000'),
    ),
    facts: { mtu_eth0: '9000', mk_hw_nic_count: '1' },
    id: [MAC(1)],
    look: ({ inventory }) =>
      assert.deepEqual(
        inventory.interfaces.map(({ name, linkType, bootable }) => [name, linkType, bootable]),
        [
          ['can0', 280, false],
          ['eth0', 1, true],
        ],
      ),
  },
  {
    name: 'old-cards',
    why: 'cards of DEC, Intel’s first gigabit and fast Ethernet, VMware; all in the id, in the kernel’s order',
    qemu: machine(
      'pc',
      ...[...nic(0, 'tulip', MAC(1)), ...nic(1, 'i82550', MAC(2))],
      ...[...nic(2, 'e1000-82544gc', MAC(3)), ...nic(3, 'vmxnet3', MAC(4)), '-smp', '2'],
    ),
    facts: { mk_hw_nic_count: '4', mtu_eth0: '1500' },
    look: ({ set, inventory }) => {
      assert.deepEqual(set.identity.interfaces.map(({ mac }) => mac).sort(), [1, 2, 3, 4].map(MAC));
      assert.deepEqual(inventory.interfaces.map(({ driver }) => driver).sort(), ['e100', 'e1000', 'tulip', 'vmxnet3']);
    },
  },
  {
    name: 'not-its-own',
    why: 'a card that was never programmed and one of a BMC’s in-band addresses beside a good one, deep behind bridges',
    qemu: q35(
      ...['-device', 'pcie-root-port,id=r,chassis=1', '-device', 'pcie-pci-bridge,id=b,bus=r'],
      ...['-device', 'pci-bridge,id=c,bus=b,addr=1,chassis_nr=2'],
      ...nic(0, 'e1000e', '00:a0:c9:00:00:00'),
      ...nic(1, 'e1000e', 'fa:12:34:56:78:9a'),
      ...nic(2, 'e1000', MAC(3), ',bus=c,addr=3'),
    ),
    facts: { mk_hw_nic_count: '3' },
    id: [MAC(3)],
    look: ({ inventory }) =>
      assert.match(inventory.interfaces.find(({ mac }) => mac === MAC(3))?.pciAddress ?? '', /^0000:03:03\.0$/),
  },
  {
    name: 'bond-and-bridge',
    why: 'two cards in a bond, a VLAN of it in a bridge, with a pair of virtual cards and a macvlan: the id has the two cards',
    qemu: q35(...nic(0, 'e1000e', MAC(1)), ...nic(1, 'virtio-net-pci', MAC(2))),
    setup: [
      'modprobe -a bonding 8021q bridge veth macvlan dummy',
      '[ -e /sys/class/net/bond0 ] || ip link add bond0 type bond',
      'ip link set eth0 down; ip link set eth1 down',
      'ip link set eth0 master bond0; ip link set eth1 master bond0; ip link set bond0 up',
      'ip link add link bond0 name bond0.7 type vlan id 7; ip link add br0 type bridge; ip link set bond0.7 master br0',
      'ip link add pair0 type veth; ip link add link bond0 name mv0 type macvlan',
    ].join('\n'),
    facts: { mk_hw_nic_count: '2', macaddress: MAC(1).toUpperCase() },
    look: ({ set }) => assert.deepEqual(set.identity.interfaces.map(({ mac }) => mac).sort(), [MAC(1), MAC(2)]),
  },
  {
    name: 'failover',
    why: 'a virtio card and another that stands in for it, with one address, under a third that the kernel makes of both: one address',
    qemu: q35(
      ...['-device', 'pcie-root-port,id=r0,chassis=1', '-device', 'pcie-root-port,id=r1,chassis=2'],
      ...nic(0, 'virtio-net-pci', MAC(1), ',bus=r0,id=standby,failover=on'),
      ...nic(1, 'virtio-net-pci', MAC(1), ',bus=r1,id=primary,failover_pair_id=standby'),
    ),
    setup: 'sleep 5',
    facts: { mk_hw_nic_count: '2' },
    id: [MAC(1)],
  },
  {
    name: 'twelve-cards',
    why: 'twelve cards: the tenth is found after the second and before the eleventh, whatever their names sort like',
    qemu: q35(...Array.from({ length: 12 }, (_, index) => nic(index, 'virtio-net-pci', MAC(index + 1))).flat()),
    facts: { mk_hw_nic_count: '12', mk_pci_count: '16' },
    id: Array.from({ length: 12 }, (_, index) => MAC(index + 1)),
  },
  {
    name: 'functions',
    why: 'two cards and a disk controller as functions of one device; a card of a node of its own behind a second host bridge',
    qemu: q35(
      ...['-smp', '2,sockets=2', '-m', '1024', '-object', 'memory-backend-ram,id=m0,size=512M'],
      ...['-object', 'memory-backend-ram,id=m1,size=512M'],
      ...['-numa', 'node,nodeid=0,cpus=0,memdev=m0', '-numa', 'node,nodeid=1,cpus=1,memdev=m1'],
      ...[
        '-device',
        'pxb-pcie,id=pxb,bus_nr=128,bus=pcie.0,numa_node=1',
        '-device',
        'pcie-root-port,id=r,bus=pxb,chassis=9',
      ],
      ...nic(0, 'e1000', MAC(1), ',bus=pcie.0,addr=6.0,multifunction=on'),
      ...nic(1, 'e1000', MAC(2), ',bus=pcie.0,addr=6.1'),
      ...[
        '-device',
        'virtio-scsi-pci,id=s,bus=pcie.0,addr=6.2',
        ...drive(0),
        '-device',
        'scsi-hd,bus=s.0,drive=d0,serial=F-2',
      ],
      ...nic(2, 'e1000e', MAC(3), ',bus=r'),
    ),
    disks: [64],
    facts: { mk_hw_nic_count: '3', mk_disk_count: '1', mk_disk_sda_pci: '0000:00:06.2', mk_numa_node_count: '2' },
    look: ({ set, inventory }) => {
      assert.deepEqual(set.identity.interfaces.map(({ mac }) => mac).sort(), [1, 2, 3].map(MAC));
      assert.deepEqual(
        inventory.interfaces.map(({ mac, pciAddress, numaNode }) => [mac, pciAddress, numaNode]).sort(),
        [
          [MAC(1), '0000:00:06.0', undefined],
          [MAC(2), '0000:00:06.1', undefined],
          [MAC(3), '0000:81:00.0', 1],
        ],
      );
    },
  },
];
