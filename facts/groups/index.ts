/** Every group, in the order in which they run. */
import { bootGroup } from './boot.ts';
import { cpuGroup } from './cpu.ts';
import { diskGroup } from './disk.ts';
import { dmiGroup } from './dmi.ts';
import type { Group } from './group.ts';
import { memoryGroup } from './memory.ts';
import { basicHardwareGroup } from './mk-hw.ts';
import { networkGroup } from './network.ts';
import { osGroup } from './os.ts';
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
  basicHardwareGroup,
];
