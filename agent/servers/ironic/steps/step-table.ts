/** The steps that this agent knows. A new step is a file beside this one and a line here. */
import type { IronicStep } from '../ironic-options.ts';
import { eraseDevices, eraseDevicesExpress } from './erase-devices.ts';
import { eraseMetadata } from './erase-metadata.ts';
import { cleanUefiNvram, erasePstore } from './firmware-stores.ts';
import { injectFiles } from './inject-files.ts';
import { noop } from './noop.ts';
import { writeImageStep } from './write-image.ts';

export const STEPS: readonly IronicStep[] = [
  noop,
  eraseMetadata,
  eraseDevices,
  eraseDevicesExpress,
  erasePstore,
  cleanUefiNvram,
  writeImageStep,
  injectFiles,
];
