/**
 * Names of disks by where they hang, as udev makes them (systemd, src/udev/udev-builtin-path_id.c): a microkernel may have no
 * udev, and these are the only names that stay the same from one boot to the next. Only what can be told from sysfs.
 */
import type { Sources } from '../../sources/sources.ts';

/** `/dev/disk/by-path/pci-0000:00:1f.2-ata-1` for the disk at `where` (the link of /sys/block/NAME); undefined for others. */
export function pathNameOf(sources: Sources, name: string, where: string): string | undefined {
  const place = name.startsWith('nvme') ? nvmePlace(sources, name, where) : where;
  const own = ownPart(sources, name, place);
  if (own === undefined) return undefined;
  const controller = controllerOf(place);
  if (controller === '' && !own.startsWith('ip-')) return undefined;
  const path = [controller, own].filter((part) => part !== '').join('-');
  return /^[\w.:+@-]+$/.test(path) ? `/dev/disk/by-path/${path}` : undefined;
}

/** The last PCI function on the way, with what it hangs on where that is no PCI root of ACPI (device trees). */
function controllerOf(place: string): string {
  const parts = place.split('/');
  const pci = parts.findLastIndex((part) => /^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/.test(part));
  const root = parts.findIndex((part) => /^pci[0-9a-f]{4,8}:[0-9a-f]{2}$/.test(part));
  const platform = platformName(parts.slice(0, root < 0 ? undefined : root));
  return [platform, pci < 0 ? '' : `pci-${parts[pci] ?? ''}`].filter((part) => part !== '').join('-');
}

function platformName(parts: readonly string[]): string {
  const at = parts.indexOf('platform');
  const name = at < 0 ? undefined : parts[at + 1];
  return name === undefined || /^host\d+$/.test(name) ? '' : `platform-${name}`;
}

/** What names the disk on its controller; '' where there is only one (virtio). Undefined for transports that are not known here. */
function ownPart(sources: Sources, name: string, place: string): string | undefined {
  if (name.startsWith('nvme')) {
    const namespace = sources.line(`/sys/block/${name}/nsid`) ?? /n(\d+)$/.exec(name)?.[1];
    return namespace === undefined ? undefined : `nvme-${namespace}`;
  }
  if (/\/virtio\d+\/block\//.test(place)) return '';
  const scsi = scsiPart(sources, place);
  if (scsi === undefined) return undefined;
  const usb = /\/(\d+)-([\d.]+:\d+\.\d+)\/host\d+\//.exec(place);
  return usb === null ? scsi : `usb-0:${usb[2] ?? ''}-${scsi}`;
}

/** With native multipathing a namespace hangs below no controller: its own is the one of its number (find_real_nvme_parent). */
function nvmePlace(sources: Sources, name: string, where: string): string {
  if (!where.includes('/nvme-subsystem/')) return where;
  const controller = /^(nvme\d+)n/.exec(name)?.[1] ?? '';
  return sources.link(`/sys/class/nvme/${controller}`) ?? '';
}

function scsiPart(sources: Sources, place: string): string | undefined {
  const [, host = '', bus = '', target = '', lun = ''] = /\/(\d+):(\d+):(\d+):(\d+)\/block\//.exec(place) ?? [];
  if (lun === '') return undefined;
  if (place.includes('/rport-')) return fibreChannel(sources, `target${host}:${bus}:${target}`, lun);
  if (place.includes('/end_device-')) return serialAttached(sources, place, lun);
  if (place.includes('/session')) return iscsi(sources, place, lun);
  const ata = /\/(ata\d+)\/host\d+\//.exec(place)?.[1];
  if (ata !== undefined) {
    const port = sources.line(`/sys/class/ata_port/${ata}/port_no`);
    return port === undefined ? undefined : `ata-${port}`;
  }
  if (/vmbus/i.test(place)) return undefined;
  return `scsi-${Number(host) - firstHost(sources, place, Number(host))}:${bus}:${target}:${lun}`;
}

/** Hosts are counted from the first of the controller. */
function firstHost(sources: Sources, place: string, own: number): number {
  const controller = /^(.*)\/host\d+\//.exec(place)?.[1]?.replace(/^(\.\.\/)+/, '/sys/');
  if (controller === undefined) return own;
  const numbers = sources.list(controller).flatMap((entry) => /^host(\d+)$/.exec(entry)?.[1] ?? []);
  return Math.min(own, ...numbers.map(Number));
}

function fibreChannel(sources: Sources, target: string, lun: string): string | undefined {
  const port = sources.line(`/sys/class/fc_transport/${target}/port_name`);
  return port === undefined ? undefined : `fc-${port}-${lunText(lun)}`;
}

function serialAttached(sources: Sources, place: string, lun: string): string | undefined {
  const [, above = '', port = '', device = ''] = /\/([^/]+)\/(port-[^/]+)\/(end_device-[^/]+)\//.exec(place) ?? [];
  const of = (name: string, file: string): string | undefined => sources.line(`/sys/class/sas_device/${name}/${file}`);
  if (sources.line(`/sys/class/sas_port/${port}/num_phys`) !== '1') {
    const address = of(device, 'sas_address');
    return address === undefined ? undefined : `sas-${address}-${lunText(lun)}`;
  }
  const phy = of(device, 'phy_identifier');
  if (phy === undefined) return undefined;
  const expander = above.startsWith('expander-') ? of(above, 'sas_address') : undefined;
  return `sas-${expander === undefined ? '' : `exp${expander}-`}phy${phy}-${lunText(lun)}`;
}

function iscsi(sources: Sources, place: string, lun: string): string | undefined {
  const session = /\/session(\d+)\//.exec(place)?.[1] ?? '';
  const connection = `/sys/class/iscsi_connection/connection${session}:0`;
  const name = sources.line(`/sys/class/iscsi_session/session${session}/targetname`);
  const address = sources.line(`${connection}/persistent_address`);
  const port = sources.line(`${connection}/persistent_port`);
  if (name === undefined || address === undefined || port === undefined) return undefined;
  return `ip-${address}:${port}-iscsi-${name}-${lunText(lun)}`;
}

function lunText(text: string): string {
  const lun = Number(text);
  if (lun < 256) return `lun-${lun}`;
  const word = (value: number): string => value.toString(16).padStart(4, '0');
  return `lun-0x${word(lun & 0xffff)}${word(Math.floor(lun / 65_536) & 0xffff)}00000000`;
}
