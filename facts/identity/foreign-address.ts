/**
 * Addresses that are not this machine's: a BMC's host interface, a modem, a phone, a cable, a part of another card. Makers
 * give many of these devices one constant address, and two machines that report one address become one node.
 */
import { isUsb, type Nic, usbIdOf } from '../groups/network/nics.ts';
import { pciAddressIn } from '../groups/devices/pci.ts';
import { readDmi } from '../groups/system/dmi.ts';
import { structuresOf } from '../smbios/smbios.ts';
import { oncePer } from '../sources/recording.ts';
import { whyJunkMac } from './junk-macs.ts';

/** What SMBIOS type 42 names of the BMC's network cards. */
interface HostInterfaces {
  readonly usbIds: ReadonlySet<string>;
  readonly macs: ReadonlySet<string>;
  readonly busAddresses: ReadonlySet<string>;
  /** The USB ids of an interface, where they are known. */
  readonly usbIdOf: (nic: Nic) => string | undefined;
}

/** Reads SMBIOS type 42. Without a table every set is empty. */
export const readHostInterfaces = oncePer((sources): HostInterfaces => {
  const all = structuresOf(readDmi(sources).structures, 'hostInterface');
  return {
    usbIds: new Set([...BMC_USB_IDS, ...all.flatMap(({ usbId }) => usbId ?? [])]),
    macs: new Set(all.flatMap(({ mac }) => mac ?? [])),
    busAddresses: new Set(all.flatMap(({ busAddress }) => busAddress ?? [])),
    usbIdOf: (nic) => usbIdOf(sources, nic),
  };
});

/** USB network cards that BMCs offer their host, where SMBIOS does not name them (usb.ids). */
const BMC_USB_IDS = [
  '046b:ffb0', // American Megatrends: Virtual Ethernet
  '413c:a102', // Dell: iDRAC Virtual NIC USB Device
  '04b3:4010', // IBM and Lenovo: Integrated Management Module
  '0b1f:03ee', // Insyde: RNDIS/Ethernet Gadget
  '1d6b:0104', // Linux Foundation: Multifunction Composite Gadget, as OpenBMC has it
];

/** Drivers of devices that pass for a network card over USB. Real cards are among those of the class drivers (cdc_*). */
const CLASS_DRIVERS = new Set(['cdc_ether', 'cdc_ncm', 'cdc_eem', 'cdc_subset', 'rndis_host', 'rndis_wlan']);
/** Drivers of phones alone, whatever their address. */
const PHONE_DRIVERS = new Set(['rndis_host', 'ipheth']);
const MODEM_DRIVERS = new Set([
  'qmi_wwan',
  'cdc_mbim',
  'huawei_cdc_ncm',
  'sierra_net',
  'hso',
  'mhi_net',
  'iosm',
  'mtk_t7xx',
]);
/** Network cards of virtual machines, whose host may give them any address. */
const VIRTUAL_DRIVERS = new Set(['virtio_net', 'xen_netfront', 'vif', 'hv_netvsc', 'vmxnet3', 'ena', 'gve']);

/** Why an interface's address is not this machine's own, in words; undefined for one that is. */
export function whyForeign(nic: Nic, host: HostInterfaces): string | undefined {
  const mac = nic.permanentMac ?? nic.mac ?? '';
  const driver = nic.driver ?? '';
  if (nic.deviceType === 'wwan' || nic.deviceType === 'wimax' || MODEM_DRIVERS.has(driver)) return 'a mobile modem';
  if (/^thunderbolt/.test(driver) || /\/domain\d+\/\d+-\d+\//.test(nic.path ?? '')) {
    return 'Thunderbolt networking: there while a cable is in';
  }
  if (/\/[a-z0-9_]+\.sf\.\d+\//.test(nic.path ?? '')) return 'a sub-function of another card';
  if (/^(c\d+)?pf\d+(vf\d+|sf\d+|hpf)/.test(nic.portName ?? '')) return 'a representor of another function';
  return whyHostInterface(nic, host, mac) ?? whyPhone(nic, mac) ?? whyInBand(nic, mac) ?? whyJunkMac(mac);
}

function whyHostInterface(nic: Nic, host: HostInterfaces, mac: string): string | undefined {
  const bus = isUsb(nic) ? undefined : pciAddressIn(nic.path);
  if (host.macs.has(mac) || (bus !== undefined && host.busAddresses.has(bus))) {
    return 'the BMC’s host interface (SMBIOS type 42)';
  }
  const usbId = isOnUsb(nic) || CLASS_DRIVERS.has(nic.driver ?? '') ? host.usbIdOf(nic) : undefined;
  return usbId !== undefined && host.usbIds.has(usbId) ? `the BMC’s host interface (USB ${usbId})` : undefined;
}

/** By its place, or, in a tree without links, by the name that usbnet gives a card that is none of a maker's own. */
function isOnUsb(nic: Nic): boolean {
  return isUsb(nic) || /^usb\d+$/.test(nic.name);
}

/**
 * A real card has an address of its maker; a gadget makes one up, or has a constant one, both locally administered. Where no
 * driver is recorded, a card on USB is judged by its address alone.
 */
function whyPhone(nic: Nic, mac: string): string | undefined {
  const { driver } = nic;
  const kind = 'a BMC’s host interface, a phone or a gadget';
  if (driver !== undefined && PHONE_DRIVERS.has(driver)) return `${kind} (driver ${driver})`;
  if ((parseInt(mac.slice(0, 2), 16) & 2) === 0) return undefined;
  if (driver === undefined) {
    return nic.hasDevice && isOnUsb(nic) ? `${kind} (on USB, with a locally administered address)` : undefined;
  }
  return CLASS_DRIVERS.has(driver) ? `${kind} (driver ${driver} with a locally administered address)` : undefined;
}

/**
 * In-band cards of HPE's Gen12 BMCs have addresses that begin with fa: and are not unique; ironic-python-agent leaves them out
 * since 2026-06. OpenStack's machines have fa:16:3e, and those of other hosts whatever they like.
 */
function whyInBand(nic: Nic, mac: string): string | undefined {
  if (!mac.startsWith('fa:') || mac.startsWith('fa:16:3e:')) return undefined;
  if (!nic.hasDevice || VIRTUAL_DRIVERS.has(nic.driver ?? '')) return undefined;
  return 'an in-band card of a BMC (fa:…)';
}
