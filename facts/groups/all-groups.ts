/** Every group, in the order in which they run. */
import { hardwareGroup } from '../hardware/hardware.ts';
import { bootGroup } from './system/boot.ts';
import { cpuGroup } from './compute/cpu.ts';
import { deviceGroup } from './devices/devices.ts';
import { dimmGroup } from './compute/dimms.ts';
import { diskGroup } from './devices/disk.ts';
import { dmiGroup } from './system/dmi.ts';
import { gapGroup } from './devices/gaps.ts';
import type { Group } from './group.ts';
import { linkGroup } from './network/link.ts';
import { lldpGroup } from './network/lldp.ts';
import { managementGroup } from './system/management.ts';
import { memoryGroup } from './compute/memory.ts';
import { networkGroup } from './network/network.ts';
import { numaGroup } from './compute/numa.ts';
import { osGroup } from './system/os.ts';
import { pciGroup } from './devices/pci.ts';
import { usbGroup } from './devices/usb.ts';
import { virtualGroup } from './system/virtual.ts';

export const GROUPS: readonly Group[] = [
  osGroup,
  dmiGroup,
  cpuGroup,
  memoryGroup,
  networkGroup,
  diskGroup,
  virtualGroup,
  bootGroup,
  hardwareGroup,
  numaGroup,
  dimmGroup,
  pciGroup,
  usbGroup,
  linkGroup,
  deviceGroup,
  managementGroup,
  gapGroup,
  lldpGroup,
];
