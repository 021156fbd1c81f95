import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspectionBody } from '../../../../../agent/servers/ironic/inspection/inspection-body.ts';
import { ipaInventory, rootDisk } from '../../../../../agent/servers/ironic/inspection/ipa-inventory.ts';
import { listDisks } from '../../../../../agent/disks/disks.ts';
import { mismatch, parseHintObject } from '../../../../../agent/disks/hints.ts';
import type { FactSet } from '../../../../../facts/fact-types.ts';
import { collectFacts, openSources, type Inventory } from '../../../../../facts/facts.ts';
import { readNeighbours } from '../../../../../facts/groups/network/neighbours/neighbours.ts';
import { machine } from '../../../../helpers/agent-parts.ts';
import { recorded } from '../../../../helpers/ironic-agent.ts';
import { madeUpSources } from '../../../../helpers/memory-origin.ts';
import { CDP_FRAME, heardOn, LLDP_FRAME } from '../../../../helpers/neighbour-frames.ts';
import { makeTree } from '../../../../helpers/tree.ts';

const BODY = { bootif: undefined, collectors: ['default'], version: '0.1.0', facts: {}, logs: undefined };

async function changedBy(change: (inventory: Inventory) => Partial<Inventory>): Promise<FactSet> {
  const set = await recorded();
  const inventory = set.inventory?.();
  assert.ok(inventory);
  return { ...set, inventory: () => ({ ...inventory, ...change(inventory) }) };
}

describe('the inventory for Ironic', () => {
  test('a recorded machine has the names and JSON types that Ironic and Metal3 decode', async () => {
    const inventory = ipaInventory(await recorded(), '01-52-54-00-00-48-01');
    assert.deepEqual(inventory.interfaces, [
      {
        name: 'eth0',
        mac_address: '52:54:00:00:48:01',
        ipv4_address: '10.77.0.118',
        ipv6_address: 'fd77::5054:ff:fe00:4801',
        has_carrier: true,
        lldp: null,
        vendor: '0x8086',
        product: '0x10d3',
        client_id: null,
        biosdevname: null,
        speed_mbps: 1000,
        pci_address: '0000:00:02.0',
        driver: 'e1000e',
      },
    ]);
    assert.deepEqual(
      inventory.disks.map((disk) => [disk.name, disk.size, disk['serial'], disk['hctl'], disk['tran']]),
      [
        ['/dev/nvme0n1', 301_989_888, 'NVME-7004', null, 'nvme'],
        ['/dev/sda', 234_881_024, 'SATA-7003', '2:0:0:0', 'sata'],
        ['/dev/sdb', 167_772_160, 'SCSI-7002', '0:2:0:0', 'scsi'],
        ['/dev/vda', 100_663_296, 'VBLK-7001', null, 'virtio'],
      ],
    );
    const cpu = inventory['cpu'] as Record<string, unknown>;
    assert.deepEqual([cpu['count'], cpu['socket_count'], cpu['frequency']], [8, 2, '2445.4420']);
    assert.deepEqual(inventory['memory'], { total: 742_576_128, physical_mb: 768 });
    assert.deepEqual(inventory['boot'], { current_boot_mode: 'bios', pxe_interface: '01-52-54-00-00-48-01' });
    assert.deepEqual(inventory['system_vendor'], {
      product_name: 'Model H',
      serial_number: 'SYS-8001',
      manufacturer: 'Maker of Machines',
      firmware: { vendor: 'Firmware House', version: 'FW-4.2', build_date: '03/04/2025' },
    });
  });

  test('the root disk is the smallest of at least 4 GiB, ties by name, and absent where there is none', async () => {
    const { disks } = (await recorded('firecracker')).inventory?.() ?? assert.fail('no inventory');
    const disk = (name: string, gib: number, more: object = {}) => ({
      ...(disks[0] ?? assert.fail('no disk')),
      name,
      size: gib * 2 ** 30,
      ...more,
    });
    const stick = disk('sde', 5, { removable: true });
    const empty = disk('sdf', 5, { unfit: 'no medium in it' });
    const list = [disk('sdb', 8), disk('sda', 8), disk('sdc', 3), disk('sdd', 100), stick, empty];
    assert.equal(rootDisk(list)?.name, '/dev/sda');
    assert.equal(rootDisk([disk('sda', 3)]), undefined);
    assert.equal(inspectionBody(await recorded(), BODY)['root_disk'], null);
    const big = inspectionBody(await recorded('firecracker'), BODY)['root_disk'];
    assert.equal((big as { name: string }).name, '/dev/vda');
  });

  test('an InfiniBand port is known by the address made of its GUID, and has a client id', async () => {
    const set = await changedBy(({ interfaces }) => ({
      interfaces: interfaces.slice(0, 1).map((nic) => ({
        ...nic,
        linkType: 32,
        mac: '80:00:02:08:fe:80:00:00:00:00:00:00:7c:fe:90:03:00:29:26:52',
        permanentMac: undefined,
      })),
    }));
    const [port] = ipaInventory(set, undefined).interfaces;
    assert.equal(port?.mac_address, '7c:fe:90:29:26:52');
    assert.equal(port?.['client_id'], 'ff:00:00:00:00:00:02:00:00:02:c9:00:7c:fe:90:03:00:29:26:52');
  });

  test('LLDP: the TLVs of the neighbour, and the collector lldp; CDP has none', async () => {
    const heard = (...frames: readonly Buffer[]) =>
      changedBy(({ interfaces }) => ({
        interfaces: interfaces.map((nic) => ({
          ...nic,
          neighbours: readNeighbours(madeUpSources({ files: heardOn(nic.name, ...frames) })),
        })),
      }));
    const set = await heard(CDP_FRAME, LLDP_FRAME);
    const { interfaces } = ipaInventory(set, undefined);
    assert.deepEqual(interfaces[0]?.lldp?.slice(0, 3), [
      [1, '0402005e100001'],
      [2, '074769676162697445746865726e6574312f302f3132'],
      [3, '0008'],
    ]);
    const body = inspectionBody(set, { ...BODY, collectors: ['default', 'lldp'] });
    assert.deepEqual((body['lldp_raw'] as Record<string, unknown>)['eth0'], interfaces[0]?.lldp);
    assert.equal(ipaInventory(await heard(CDP_FRAME), undefined).interfaces[0]?.lldp, null);
  });

  test('virtual interfaces stay out beside hardware, and identify a machine that has no hardware', async () => {
    const set = await changedBy(({ interfaces }) => ({
      interfaces: interfaces.flatMap((nic) => [
        nic,
        {
          ...nic,
          name: 'ifb0',
          mac: '02:00:00:00:00:99',
          permanentMac: undefined,
          bootable: false,
          pciAddress: undefined,
        },
      ]),
    }));
    assert.deepEqual(
      ipaInventory(set, undefined).interfaces.map(({ name }) => name),
      ['eth0'],
    );
    const container: FactSet = {
      ...(await changedBy(({ interfaces }) => ({
        interfaces: interfaces.map((nic) => ({ ...nic, bootable: false, pciAddress: undefined })),
      }))),
    };
    assert.deepEqual(
      ipaInventory(container, undefined).interfaces.map(({ name }) => name),
      ['eth0'],
    );
  });

  test('a BMC’s card, whose address other machines have too, is left out; a machine with no other address keeps it', async () => {
    const bmc = 'fa:16:3e:00:00:01';
    const withBmcCard = (others: boolean): Promise<FactSet> =>
      changedBy(({ interfaces }) => ({
        interfaces: interfaces.flatMap((nic) => [
          ...(others ? [nic] : []),
          { ...nic, name: 'usb0', mac: bmc, permanentMac: undefined },
        ]),
      }));
    const macs = (set: FactSet): string[] => ipaInventory(set, undefined).interfaces.map((nic) => nic.mac_address);
    assert.deepEqual(macs(await withBmcCard(true)), ['52:54:00:00:48:01']);
    assert.deepEqual(macs(await withBmcCard(false)), [bmc]);
  });

  test('the address that a bond hides is the one that Ironic has in its ports', async () => {
    const set = await changedBy(({ interfaces }) => ({
      interfaces: interfaces.map((nic) => ({ ...nic, mac: '02:00:00:00:00:01', permanentMac: '52:54:00:00:48:01' })),
    }));
    assert.equal(ipaInventory(set, undefined).interfaces[0]?.mac_address, '52:54:00:00:48:01');
  });
});

test('what the inventory says of a disk is what root device hints are compared with', async (t) => {
  const root = makeTree(t, {
    'sys/block/nvme0n1/size': '2097152',
    'sys/block/nvme0n1/wwid': 'eui.0025385b71b0a1c2\n',
    'sys/block/nvme0n1/device/model': 'FAST 9000\n',
    'sys/block/nvme0n1/device/serial': 'N1\n',
    'sys/block/nvme0n1/queue/rotational': '0\n',
    'sys/block/sda/size': '4194304',
    'sys/block/sda/device': '-> ../../devices/2:0:1:0',
    'sys/block/sda/queue/rotational': '1\n',
    'sys/devices/2:0:1:0/wwid': 'naa.5000c500a1b2c3d4\n',
    'sys/devices/2:0:1:0/vendor': 'MAKER\n',
    'sys/devices/2:0:1:0/model': 'SLOW 1\n',
    'dev/disk/by-path/pci-0000:00:1f.2-ata-1': '-> ../../sda',
  });
  const set = await collectFacts({ sources: openSources({ root }) });
  const disks = await listDisks(root);
  const { disks: told } = ipaInventory(set, undefined);
  assert.equal(told.length, 2);
  for (const disk of told) {
    const keys = [
      'name',
      'model',
      'vendor',
      'serial',
      'wwn',
      'wwn_withBmcCardextension',
      'hctl',
      'by_path',
      'rotational',
    ];
    const hints = Object.fromEntries(keys.flatMap((key) => ((disk[key] ?? '') === '' ? [] : [[key, disk[key]]])));
    const found = disks.filter((each) => mismatch(each, parseHintObject(hints)) === undefined);
    assert.deepEqual(
      found.map(({ path }) => path),
      [disk.name],
      JSON.stringify(hints),
    );
  }
});

describe('the body of an inspection', () => {
  test('probes that failed are told beside the inventory, and do not end the inspection', async () => {
    const set = { ...(await recorded()), errors: [{ group: 'dmi', message: 'the table is cut' }] };
    const body = inspectionBody(set, BODY);
    assert.equal(body['error'], null);
    assert.deepEqual((body['razor_mk'] as { probe_errors: string[] }).probe_errors, ['dmi: the table is cut']);
  });

  test('a machine without a network card says so in the field that ends the inspection', () => {
    assert.match(String(inspectionBody(machine(), BODY)['error']), /no network card/);
  });

  test('our facts travel under a key of their own', async () => {
    const body = inspectionBody(await recorded(), { ...BODY, facts: { hostname: 'mk' } });
    assert.deepEqual((body['razor_mk'] as { facts: unknown }).facts, { hostname: 'mk' });
  });

  test('collectors add what they are asked for, and one that nobody knows is noted', async () => {
    const collectors = [
      'default',
      'logs',
      'pci-devices',
      'numa-topology',
      'dmi-decode',
      'usb-devices',
      'extra-hardware',
      'toString',
    ];
    const body = inspectionBody(await recorded(), { ...BODY, collectors, logs: Buffer.from('logs') });
    assert.equal(body['logs'], Buffer.from('logs').toString('base64'));
    const pci = body['pci_devices'] as Record<string, unknown>[];
    assert.deepEqual(
      pci.find((device) => device['bus'] === '0000:00:02.0'),
      {
        vendor_id: '8086',
        product_id: '10d3',
        class: '020000',
        revision: '00',
        bus: '0000:00:02.0',
        numa_node_id: null,
      },
    );
    const numa = body['numa_topology'] as { ram: { numa_node: number; size_kb: number }[] };
    assert.ok(numa.ram.every(({ size_kb }) => Number.isInteger(size_kb)));
    assert.equal((body['dmi'] as { bios: { Vendor: string } }).bios.Vendor, 'Firmware House');
    assert.ok(Array.isArray(body['usb_devices']));
    const { probe_errors: notes } = body['razor_mk'] as { probe_errors: string[] };
    assert.deepEqual(notes, [
      'the collector extra-hardware is not known here',
      'the collector toString is not known here',
    ]);
    assert.deepEqual((body['configuration'] as { collectors: unknown }).collectors, collectors);
  });
});
