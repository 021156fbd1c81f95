/** What a block device is, by its name and place: a disk, a drive for media, or nothing that a system could be put on. Pure. */

/**
 * `disk`: one device; `optical` and `floppy`: drives; `area`: a boot or general-purpose area of an eMMC chip; `composed`: put
 * together from other devices or lent by the network (md, dm, bcache, drbd, rbd …).
 */
export type DiskKind = 'disk' | 'optical' | 'floppy' | 'area' | 'composed';

/** Memory, images in files and raw flash: never a disk, whatever is asked. */
const NEVER = /^(loop|ram|zram|mtdblock|ubiblock|btt)\d/;
/** A path of NVMe's own multipathing: hidden, without a device node; the namespace's disk is `nvme0n1` (drivers/nvme/host/multipath.c). */
const HIDDEN_PATH = /^nvme\d+c\d+n\d+$/;
/** Areas of an eMMC chip beside its user area (Documentation/driver-api/mmc/mmc-dev-parts.rst). */
const AREA = /^mmcblk\d+(boot\d+|gp\d+|rpmb)$/;
const COMPOSED = /^(dm-|md|nbd|rbd|drbd|zd|bcache|nullb)\d/;

/** Whether an entry of /sys/block is a block device that lists of disks may show. */
export function isBlockDevice(name: string): boolean {
  return !NEVER.test(name) && !HIDDEN_PATH.test(name);
}

/** What a device is. `hasDevice`: hardware is under it; `scsiType`: the file `device/type`, 5 for optical drives. */
export function diskKind(name: string, hasDevice: boolean, scsiType: string | undefined): DiskKind {
  if (COMPOSED.test(name)) return 'composed';
  if (/^sr\d/.test(name) || scsiType === '5') return 'optical';
  if (/^fd\d/.test(name)) return 'floppy';
  if (AREA.test(name)) return 'area';
  return hasDevice ? 'disk' : 'composed';
}

/** From where the disk hangs in /sys/devices, as lsblk calls it; `target` is the last part of its `device` link. */
export function transportOf(name: string, where: string, target: string | undefined): string | undefined {
  if (name.startsWith('nvme')) return 'nvme';
  if (name.startsWith('mmcblk')) return 'mmc';
  if (/\/usb\d/.test(where)) return 'usb';
  if (/\/virtio\d+\/(block|host)/.test(where)) return 'virtio';
  if (/\/ata\d+\//.test(where)) return 'sata';
  if (/\/rport-/.test(where)) return 'fc';
  if (/\/session\d+\//.test(where)) return 'iscsi';
  if (/\/(end_device|sas_device|expander)-/.test(where)) return 'sas';
  if (/\/vbd-/.test(where) || name.startsWith('xvd')) return 'xen';
  if (/VMBUS|vmbus/.test(where)) return 'vmbus';
  return target !== undefined && /^\d+:\d+:\d+:\d+$/.test(target) ? 'scsi' : undefined;
}

/** Paths of a SAN that take no commands now (SPC-4, 5.15.2.4: target port asymmetric access states). */
const PASSIVE_STATES: ReadonlySet<string> = new Set(['standby', 'unavailable', 'offline', 'transitioning']);
/** A disk that the kernel has given up: it did not answer, its cable or its port is gone (drivers/scsi/scsi_sysfs.c, sdev_states). */
const GIVEN_UP: ReadonlySet<string> = new Set(['offline', 'transport-offline', 'deleted', 'cancel']);

/** Whether a disk, or this path to it, takes no commands now: by `device/access_state`, and by `device/state` of SCSI disks. */
export function takesNoCommands({ accessState, state }: Pick<DiskTraits, 'accessState' | 'state'>): boolean {
  return PASSIVE_STATES.has(accessState ?? '') || GIVEN_UP.has(state ?? '');
}

/** What a disk is judged by. */
interface DiskTraits {
  readonly kind: DiskKind;
  /** Bytes. */
  readonly size: number;
  readonly readOnly: boolean;
  readonly removable: boolean;
  readonly transport: string | undefined;
  readonly vendor: string | undefined;
  readonly model: string | undefined;
  /** The file `device/access_state`. */
  readonly accessState: string | undefined;
  /** The file `device/state` of a SCSI disk: `running`, `offline` … */
  readonly state: string | undefined;
  /** The file `queue/zoned`: `none`, `host-aware`, `host-managed`. */
  readonly zoned: string | undefined;
}

/** Such a disk takes no partition table (Documentation/ABI/stable/sysfs-block, zoned), but can be erased. */
export const ZONES_IN_ORDER = 'its zones take nothing but writes in order (host-managed)';

/** Why no system can be installed on a device, in words; undefined where one can. */
export function whyUnfit(traits: DiskTraits): string | undefined {
  if (traits.kind === 'optical') return 'an optical drive';
  if (traits.kind === 'floppy') return 'a floppy drive';
  if (traits.kind === 'area') return 'an area of an eMMC chip beside its user area';
  if (traits.kind === 'composed') return 'put together from other devices, or lent by the network';
  if (isVirtualMedium(traits)) return 'virtual media of the BMC';
  if (traits.size === 0) return 'no medium in it';
  if (traits.readOnly) return 'read-only';
  if (traits.zoned === 'host-managed') return ZONES_IN_ORDER;
  if (GIVEN_UP.has(traits.state ?? '')) return `it does not answer (${traits.state ?? ''})`;
  if (takesNoCommands(traits)) return `its path is ${traits.accessState ?? ''}`;
  return undefined;
}

/** A BMC's are on USB, or can at least be pulled out; the disks of VMware and Hyper-V, also called virtual, are neither. */
function isVirtualMedium({ transport, removable, vendor, model }: DiskTraits): boolean {
  if (transport !== 'usb' && !(removable && (transport === undefined || transport === 'scsi'))) return false;
  return /virtual|\bilo\b/i.test(`${vendor ?? ''} ${model ?? ''}`);
}
