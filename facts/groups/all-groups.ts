/** Every group, in the order in which they run. */
import { hardwareGroup } from '../hardware/index.ts';
import { bootGroup } from './boot.ts';
import { cpuGroup } from './cpu.ts';
import { deviceGroup } from './devices.ts';
import { dimmGroup } from './dimms.ts';
import { diskGroup } from './disk.ts';
import { dmiGroup } from './dmi.ts';
import { gapGroup } from './gaps.ts';
import type { Group } from './group.ts';
import { linkGroup } from './link.ts';
import { lldpGroup } from './lldp.ts';
import { managementGroup } from './management.ts';
import { memoryGroup } from './memory.ts';
import { networkGroup } from './network.ts';
import { numaGroup } from './numa.ts';
import { osGroup } from './os.ts';
import { pciGroup } from './pci.ts';
import { usbGroup } from './usb.ts';
import { virtualGroup } from './virtual.ts';

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
