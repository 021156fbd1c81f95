/** What `ipa-inspection-collectors` asks for beyond the inventory, by name: each adds its own keys to the body. Pure. */
import type { Inventory } from '../../../../facts/facts.ts';
import { lldpOf } from './ipa-inventory.ts';

type Extra = Readonly<Record<string, unknown>>;

export const COLLECTORS: Readonly<Record<string, (inventory: Inventory) => Extra>> = {
  'pci-devices': ({ pci }) => ({
    pci_devices: pci.map((device) => ({
      vendor_id: device.vendor,
      product_id: device.device,
      class: device.class,
      revision: device.revision ?? '',
      bus: device.address,
      numa_node_id: device.numaNode ?? null,
    })),
  }),
  'usb-devices': ({ usb }) => ({
    usb_devices: usb.map((device) => ({
      product: device.product ?? device.device,
      vendor: device.manufacturer ?? device.vendor,
      handle: device.path,
    })),
  }),
  'numa-topology': (inventory) => ({ numa_topology: numa(inventory) }),
  'dmi-decode': (inventory) => ({ dmi: dmi(inventory) }),
  lldp: ({ interfaces }) => ({
    lldp_raw: Object.fromEntries(interfaces.map((nic) => [nic.name, lldpOf(nic) ?? []])),
  }),
};

/** Which threads share a core is not in our inventory: CPUs are listed where each is a core of its own. */
function numa({ numa: nodes, cpu, interfaces }: Inventory): Extra {
  const single = cpu.cores === cpu.count;
  return {
    ram: nodes.map(({ id, memory }) => ({ numa_node: id, size_kb: Math.floor((memory ?? 0) / 1024) })),
    cpus: single
      ? nodes.flatMap(({ id, cpus }) => cpus.map((each) => ({ cpu: each, numa_node: id, thread_siblings: [each] })))
      : [],
    nics: interfaces
      .filter(({ numaNode }) => numaNode !== undefined)
      .map(({ name, numaNode }) => ({ name, numa_node: numaNode })),
  };
}

function dmi({ firmware, cpu, memory }: Inventory): Extra {
  return {
    bios: { Vendor: firmware.vendor ?? '', Version: firmware.version ?? '', 'Release Date': firmware.date ?? '' },
    cpu: Array.from({ length: cpu.sockets }, () => ({ Version: cpu.model ?? '' })),
    memory: {
      devices: memory.slots.map((slot) => ({
        Locator: slot.locator ?? '',
        Size:
          slot.size === undefined ? 'Unknown' : slot.size === 0 ? 'No Module Installed' : `${slot.size / 2 ** 20} MB`,
        Type: slot.type ?? '',
        Speed: slot.speed === undefined ? 'Unknown' : `${slot.speed} MT/s`,
        Manufacturer: slot.manufacturer ?? '',
        'Part Number': slot.part ?? '',
        'Serial Number': slot.serial ?? '',
      })),
    },
  };
}
