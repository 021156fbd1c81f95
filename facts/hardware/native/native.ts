/** The machine as lshw would see it, from files alone: /sys, /proc and the SMBIOS tables. No program is started. */
import { decodeSmbios, smbiosVersion } from '../../smbios/smbios.ts';
import type { Sources } from '../../sources/sources.ts';
import { addCpufreq, addCpuinfo } from './native-cpu.ts';
import { addNvme, addScsi, addVirtio } from './native-disk.ts';
import { addMemory } from './native-memory.ts';
import { addNetwork } from './native-network.ts';
import { addPci, pciNames } from './native-pci.ts';
import { addSmbios } from './native-smbios.ts';
import { addChild, finish, type HardwareNode, newNode } from '../lshw-node.ts';
import { openPciIds, type PciIds } from '../pci-ids.ts';

export const SMBIOS_TABLE = '/sys/firmware/dmi/tables/DMI';
const SMBIOS_ENTRY_POINT = '/sys/firmware/dmi/tables/smbios_entry_point';

/**
 * The tree of devices. What lshw takes from several places is put together in its order: SMBIOS, memory, processors,
 * PCI, virtio, SCSI, NVMe, network, frequencies.
 */
export function nativeTree(sources: Sources, openIds: () => PciIds | undefined = openPciIds): HardwareNode {
  const root = newNode('computer', 'system', { claimed: true, description: 'Computer' });
  const core = addChild(root, newNode('core', 'bus', { claimed: true, description: 'Motherboard' }));
  const table = sources.bytes(SMBIOS_TABLE);
  if (table !== undefined) {
    const version = smbiosVersion(sources.bytes(SMBIOS_ENTRY_POINT) ?? new Uint8Array());
    addSmbios(core, decodeSmbios(table, version));
  }
  addMemory(core, sources);
  addCpuinfo(root, core, sources);
  addPci(core, sources, pciNames(sources, openIds));
  addVirtio(root, core, sources);
  addScsi(root, core, sources);
  addNvme(root, sources);
  addNetwork(root, sources);
  addCpufreq(root, sources);
  finish(root);
  return root;
}
