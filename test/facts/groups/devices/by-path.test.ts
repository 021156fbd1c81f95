import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openSources } from '../../../../facts/facts.ts';
import { pathNameOf } from '../../../../facts/groups/devices/by-path.ts';
import { makeTree, type TreeFiles } from '../../../helpers/tree.ts';

const CLASS: TreeFiles = {
  'sys/class/ata_port/ata3/port_no': '1\n',
  'sys/class/fc_transport/target7:0:1/port_name': '0x500a098188888888\n',
  'sys/class/sas_port/port-0:1/num_phys': '1\n',
  'sys/class/sas_device/end_device-0:1/phy_identifier': '3\n',
  'sys/class/sas_port/port-0:0:4/num_phys': '1\n',
  'sys/class/sas_device/end_device-0:0:4/phy_identifier': '4\n',
  'sys/class/sas_device/expander-0:0/sas_address': '0x500056b3abcdef00\n',
  'sys/class/sas_port/port-0:9/num_phys': '2\n',
  'sys/class/sas_device/end_device-0:9/sas_address': '0x5000c500a1b2c3d5\n',
  'sys/class/iscsi_session/session2/targetname': 'iqn.2004-10.example:disk1\n',
  'sys/class/iscsi_connection/connection2:0/persistent_address': '10.0.0.9\n',
  'sys/class/iscsi_connection/connection2:0/persistent_port': '3260\n',
  'sys/class/nvme/nvme0': '-> ../../devices/pci0000:00/0000:00:1c.4/0000:3c:00.0/nvme/nvme0',
  'sys/devices/pci0000:00/0000:00:1c.4/0000:3c:00.0/nvme/nvme0/uevent': '',
  'sys/devices/pci0000:00/0000:00:06.0/virtio3/host4/uevent': '',
  'sys/devices/pci0000:00/0000:00:06.0/virtio3/host5/uevent': '',
};

/** Kernel name, place below /sys/devices, and udev's name. */
const TABLE: readonly (readonly [string, string, string | undefined])[] = [
  ['sda', 'pci0000:00/0000:00:1f.2/ata3/host2/target2:0:0/2:0:0:0', 'pci-0000:00:1f.2-ata-1'],
  ['vda', 'pci0000:00/0000:00:04.0/virtio1', 'pci-0000:00:04.0'],
  ['sdb', 'pci0000:00/0000:00:06.0/virtio3/host5/target5:0:1/5:0:1:2', 'pci-0000:00:06.0-scsi-1:0:1:2'],
  ['nvme0n1', 'pci0000:00/0000:00:05.0/nvme/nvme0', 'pci-0000:00:05.0-nvme-1'],
  ['nvme0n2', 'virtual/nvme-subsystem/nvme-subsys0', 'pci-0000:3c:00.0-nvme-2'],
  ['nvme7n1', 'virtual/nvme-subsystem/nvme-subsys7', undefined],
  [
    'sdc',
    'pci0000:00/0000:00:14.0/usb2/2-1/2-1:1.0/host6/target6:0:0/6:0:0:0',
    'pci-0000:00:14.0-usb-0:1:1.0-scsi-0:0:0:0',
  ],
  [
    'sdd',
    'pci0000:80/0000:80:02.0/0000:81:00.0/host0/port-0:1/end_device-0:1/target0:0:1/0:0:1:0',
    'pci-0000:81:00.0-sas-phy3-lun-0',
  ],
  [
    'sde',
    'pci0000:80/0000:81:00.0/host0/port-0:0/expander-0:0/port-0:0:4/end_device-0:0:4/target0:0:4/0:0:4:0',
    'pci-0000:81:00.0-sas-exp0x500056b3abcdef00-phy4-lun-0',
  ],
  [
    'sdf',
    'pci0000:80/0000:81:00.0/host0/port-0:9/end_device-0:9/target0:0:9/0:0:9:0',
    'pci-0000:81:00.0-sas-0x5000c500a1b2c3d5-lun-0',
  ],
  [
    'sdg',
    'pci0000:40/0000:40:01.1/0000:41:00.0/host7/rport-7:0-2/target7:0:1/7:0:1:300',
    'pci-0000:41:00.0-fc-0x500a098188888888-lun-0x012c000000000000',
  ],
  ['sdh', 'platform/host8/session2/target8:0:0/8:0:0:1', 'ip-10.0.0.9:3260-iscsi-iqn.2004-10.example:disk1-lun-1'],
  ['vdb', 'platform/4010000000.pcie/pci0000:00/0000:00:01.0/virtio0', 'platform-4010000000.pcie-pci-0000:00:01.0'],
  ['md0', 'virtual', undefined],
  ['sdi', 'LNXSYSTM:00/VMBUS:00/vmbus_1/host9/target9:0:0/9:0:0:0', undefined],
];

test('disks get the names by place that udev would give them', (t) => {
  const sources = openSources({ root: makeTree(t, CLASS) });
  for (const [name, place, expected] of TABLE) {
    const where = `../devices/${place}/block/${name}`;
    const path = expected === undefined ? undefined : `/dev/disk/by-path/${expected}`;
    assert.equal(pathNameOf(sources, name, where), path, name);
  }
});
