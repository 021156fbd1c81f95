/** The commands that this agent knows. A new command is a file beside this one and a line here. */
import type { IronicCommand } from '../options.ts';
import { collectSystemLogs, hardwareInfo } from './inform.ts';
import { partitionUuids, powerOff, runImage, standbySync } from './standby.ts';
import { stepCommands } from './steps.ts';
import { lockdown } from './system.ts';

export const COMMANDS: readonly IronicCommand[] = [
  ...stepCommands(),
  standbySync,
  powerOff,
  runImage,
  partitionUuids,
  lockdown,
  collectSystemLogs,
  hardwareInfo,
];
