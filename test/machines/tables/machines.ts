/** Every machine of the tables. */
import type { LookedAtMachine } from '../machine.ts';
import { DISK_MACHINES } from './disks.ts';
import { FIRMWARE_MACHINES } from './firmware.ts';
import { MEDIA_MACHINES } from './media.ts';
import { MEMORY_MACHINES } from './memory.ts';
import { NETWORK_MACHINES } from './networks.ts';
import { PROCESSOR_MACHINES } from './processors.ts';

export const MACHINES: readonly LookedAtMachine[] = [
  ...DISK_MACHINES,
  ...MEDIA_MACHINES,
  ...NETWORK_MACHINES,
  ...PROCESSOR_MACHINES,
  ...MEMORY_MACHINES,
  ...FIRMWARE_MACHINES,
];
