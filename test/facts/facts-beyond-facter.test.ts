import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectFacts, factValues } from '../../facts/facts.ts';
import { madeUpSources } from '../helpers/memory-origin.ts';

const PCI = '/sys/bus/pci/devices';
const MACHINE: Record<string, string | Uint8Array> = {
  '/proc/cmdline': 'BOOTIF=01-52-54-00-00-00-07 rootpw=geheim quiet\n',
  '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c': Buffer.from([6, 0, 0, 0, 1]),
  '/sys/block/sda': '-> ../devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda',
  '/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda/size': '1953525168\n',
  '/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda/queue/rotational': '1\n',
  '/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/block/sda/device': '-> ../../../0:0:0:0',
  '/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/model': 'WDC WD10\n',
  '/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/rev': '1A01\n',
  '/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/wwid': 'naa.50014EE2B1C2D3E4\n',
  '/sys/devices/pci0000:00/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0/vpd_pg80': Buffer.concat([
    Buffer.from([0, 0x80, 0, 8]),
    Buffer.from('WD-12345'),
  ]),
  '/dev/disk/by-path/pci-0000:00:1f.2-ata-1': '-> ../../sda',
  '/sys/block/nvme0n1': '-> ../devices/pci0000:00/0000:01:00.0/nvme/nvme0/nvme0n1',
  '/sys/devices/pci0000:00/0000:01:00.0/nvme/nvme0/nvme0n1/size': '8\n',
  '/sys/devices/pci0000:00/0000:01:00.0/nvme/nvme0/nvme0n1/wwid': 'eui.0025385b71b0a1b2\n',
  '/sys/devices/pci0000:00/0000:01:00.0/nvme/nvme0/nvme0n1/queue/rotational': '0\n',
  '/sys/devices/pci0000:00/0000:01:00.0/nvme/nvme0/nvme0n1/device': '-> ../../nvme0',
  '/sys/devices/pci0000:00/0000:01:00.0/nvme/nvme0/serial': 'S4EVNX0M\n',
  '/sys/devices/pci0000:00/0000:01:00.0/nvme/nvme0/firmware_rev': '2B2QEXM7\n',
  '/sys/class/net/eth0': '-> ../../devices/pci0000:00/0000:02:00.0/net/eth0',
  '/sys/devices/pci0000:00/0000:02:00.0/net/eth0/address': '52:54:00:00:00:07\n',
  '/sys/devices/pci0000:00/0000:02:00.0/net/eth0/type': '1\n',
  '/sys/devices/pci0000:00/0000:02:00.0/net/eth0/flags': '0x1003\n',
  '/sys/devices/pci0000:00/0000:02:00.0/net/eth0/speed': '10000\n',
  '/sys/devices/pci0000:00/0000:02:00.0/net/eth0/carrier': '1\n',
  '/sys/devices/pci0000:00/0000:02:00.0/net/eth0/device': '-> ../../../0000:02:00.0',
  '/sys/devices/pci0000:00/0000:02:00.0/driver': '-> ../../../bus/pci/drivers/ixgbe',
  [`${PCI}/0000:02:00.0/uevent`]:
    'DRIVER=ixgbe\nPCI_CLASS=20000\nPCI_ID=8086:1528\nPCI_SUBSYS_ID=8086:0001\nMODALIAS=pci:x\n',
  [`${PCI}/0000:02:00.0/sriov_totalvfs`]: '63\n',
  [`${PCI}/0000:02:00.0/sriov_numvfs`]: '4\n',
  [`${PCI}/0000:03:00.0/uevent`]: 'PCI_CLASS=20000\nPCI_ID=14E4:16D8\nMODALIAS=pci:v000014E4d000016D8\n',
  [`${PCI}/0000:04:00.0/uevent`]: 'DRIVER=nvidia\nPCI_CLASS=30200\nPCI_ID=10DE:20B0\n',
  [`${PCI}/0000:05:00.0/uevent`]: 'DRIVER=ast\nPCI_CLASS=30000\nPCI_ID=1A03:2000\n',
  // a plain screen without a driver is no gap, nor is a bridge
  [`${PCI}/0000:06:00.0/uevent`]: 'PCI_CLASS=30000\nPCI_ID=1234:1111\n',
  [`${PCI}/0000:00:00.0/uevent`]: 'PCI_CLASS=60000\nPCI_ID=8086:2F00\n',
  '/sys/bus/usb/devices/1-1/idVendor': '0781\n',
  '/sys/bus/usb/devices/1-1/idProduct': '5567\n',
  '/sys/devices/system/node/node0/cpulist': '0-3\n',
  '/sys/devices/system/node/node0/meminfo': 'Node 0 MemTotal:       1048576 kB\n',
  '/sys/devices/system/node/node0/distance': '10 21\n',
  '/sys/devices/system/node/node1/cpulist': '4-7\n',
  '/sys/class/tpm/tpm0/tpm_version_major': '2\n',
  '/sys/class/infiniband/mlx5_0/fw_ver': '20.31.1014\n',
  '/sys/class/infiniband/mlx5_0/ports/1/state': '4: ACTIVE\n',
  '/sys/class/infiniband/mlx5_0/ports/1/rate': '100 Gb/sec (4X EDR)\n',
  '/dev/ipmi0': '',
  '/dev/kmsg': 'bnxt_en 0000:03:00.0: Direct firmware load for bnxt/fw.bin failed with error -2\n',
};

test('what a policy wants beyond Facter is there as flat texts', async () => {
  const values = factValues(await collectFacts({ sources: madeUpSources({ files: MACHINE }) }));
  const wanted: Record<string, string> = {
    mk_firmware_mode: 'uefi',
    mk_secure_boot: 'true',
    mk_boot_interface: 'eth0',
    mk_boot_mac: '52:54:00:00:00:07',
    mk_kernel_cmdline: 'BOOTIF=01-52-54-00-00-00-07 rootpw=[redacted] quiet',
    mk_disk_count: '2',
    mk_disk_sda_serial: 'WD-12345',
    mk_disk_sda_wwn: '0x50014ee2b1c2d3e4',
    mk_disk_sda_transport: 'sata',
    mk_disk_sda_rotational: 'true',
    mk_disk_sda_firmware: '1A01',
    mk_disk_sda_path: '/dev/disk/by-path/pci-0000:00:1f.2-ata-1',
    mk_disk_sda_pci: '0000:00:1f.2',
    mk_disk_nvme0n1_serial: 'S4EVNX0M',
    mk_disk_nvme0n1_wwn: 'eui.0025385b71b0a1b2',
    mk_disk_nvme0n1_transport: 'nvme',
    mk_disk_nvme0n1_rotational: 'false',
    mk_disk_nvme0n1_firmware: '2B2QEXM7',
    mk_nic_eth0_driver: 'ixgbe',
    mk_nic_eth0_speed: '10000',
    mk_nic_eth0_carrier: 'true',
    mk_nic_eth0_pci: '0000:02:00.0',
    mk_nic_eth0_id: '8086:1528',
    mk_nic_eth0_sriov_vfs: '4/63',
    mk_numa_node_count: '2',
    mk_numa_node0_memory_mb: '1024',
    mk_gpu_count: '1',
    mk_accelerator_count: '1',
    mk_gpu0_id: '10de:20b0',
    mk_usb_ids: '0781:5567',
    mk_tpm: 'true',
    mk_tpm_version: '2.0',
    mk_ib_mlx5_0_firmware: '20.31.1014',
    mk_ib_mlx5_0_port1_state: 'ACTIVE',
    mk_bmc: 'true',
    mk_driver_gap_count: '1',
    mk_driver_gaps: 'network 14e4:16d8 at 0000:03:00.0',
    mk_firmware_missing: 'bnxt/fw.bin',
  };
  assert.deepEqual(Object.fromEntries(Object.keys(wanted).map((name) => [name, values[name]])), wanted);
});

test('the inventory has numbers as numbers, and whole devices', async () => {
  const set = await collectFacts({ sources: madeUpSources({ files: MACHINE }) });
  const inventory = set.inventory?.();
  const disk = inventory?.disks.find((one) => one.name === 'sda');
  assert.equal(disk?.size, 1_000_204_886_016);
  assert.equal(disk?.hctl, '0:0:0:0');
  const nic = inventory?.interfaces[0];
  assert.deepEqual([nic?.speedMbps, nic?.sriovTotal, nic?.bootable], [10_000, 63, true]);
  assert.equal(inventory?.numa[0]?.memory, 1_073_741_824);
  assert.deepEqual(inventory?.numa[0]?.distances, [10, 21]);
  assert.equal(inventory?.gaps.devices[0]?.modalias, 'pci:v000014E4d000016D8');
});

test('a firmware boot entry names the interface when no boot loader did', async () => {
  const GUID = '8be4df61-93ca-11d2-aa0d-00e098032b8c';
  const mac = Buffer.from([3, 11, 37, 0, 0x52, 0x54, 0, 0, 0, 7, ...new Array<number>(27).fill(0)]);
  const end = Buffer.from([0x7f, 0xff, 4, 0]);
  const option = Buffer.concat([Buffer.from([1, 0, 0, 0, 41, 0]), Buffer.from('PXE\0', 'utf16le'), mac, end]);
  const { '/proc/cmdline': _, ...rest } = MACHINE;
  const files = {
    ...rest,
    '/proc/cmdline': 'quiet\n',
    [`/sys/firmware/efi/efivars/BootCurrent-${GUID}`]: Buffer.from([6, 0, 0, 0, 2, 0]),
    [`/sys/firmware/efi/efivars/Boot0002-${GUID}`]: Buffer.concat([Buffer.from([7, 0, 0, 0]), option]),
  };
  const values = factValues(await collectFacts({ sources: madeUpSources({ files }) }));
  assert.equal(values['mk_boot_interface'], 'eth0');
});
