/** The group of mk_hw_* facts. */
import type { AddFact, Group } from '../groups/group.ts';
import { LSCPU, LSHW, lshwHardware, nativeHardware } from './collect-hardware.ts';
import type { HardwareFacts } from './lshw/lshw-facts.ts';
import { slowNetworkFiles } from './native/native-network.ts';
import { SMBIOS_TABLE } from './native/native.ts';

export { compactPciIds, registerPciIds } from './pci-ids.ts';

const CPU = ['/proc/cpuinfo', '/sys/devices/system/cpu'];
const PCI = '/sys/bus/pci/devices';
/** What the facts with a prefix are made from, the first match counts. */
const NATIVE: readonly (readonly [prefix: string, sources: readonly string[]])[] = [
  ['mk_hw_lscpu', CPU],
  ['mk_hw_bus', [SMBIOS_TABLE, PCI]],
  ['mk_hw_fw', [SMBIOS_TABLE]],
  ['mk_hw_mem', [SMBIOS_TABLE, '/proc/meminfo', PCI]],
  ['mk_hw_disk', ['/sys/class/block', '/sys/class/scsi_generic', '/sys/class/nvme', '/sys/bus/virtio/devices']],
  ['mk_hw_proc', [SMBIOS_TABLE, ...CPU]],
  ['mk_hw_cpu', [SMBIOS_TABLE, ...CPU]],
  ['mk_hw_n', [PCI, '/proc/net/dev', '/sys/class/net']],
];

function addNative(add: AddFact, facts: HardwareFacts): void {
  for (const [name, value] of facts) {
    add(name, value, NATIVE.find(([prefix]) => name.startsWith(prefix))?.[1] ?? []);
  }
}

/** mk_hw_* from files, or from lshw and lscpu when that was asked for. Where lshw fails, from files, and it is told. */
export const hardwareGroup: Group = {
  name: 'hardware',
  slow: slowNetworkFiles,
  async collect({ sources, add, hardware, signal }) {
    if (hardware === 'native') return addNative(add, nativeHardware(sources));
    try {
      for (const [name, value] of await lshwHardware(sources, signal)) {
        add(name, value, (name.startsWith('mk_hw_lscpu') ? LSCPU : LSHW).join(' '));
      }
    } catch (error) {
      addNative(add, nativeHardware(sources));
      throw error;
    }
  },
};
