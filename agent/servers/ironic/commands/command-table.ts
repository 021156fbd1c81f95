/** The commands that this agent knows. A new command is a file beside this one and a line here. */
import type { IronicCommand } from '../ironic-options.ts';
import { IMAGE_COMMANDS } from './image.ts';
import { collectSystemLogs, hardwareInfo } from './inform.ts';
import { finalizeRescue } from './rescue.ts';
import { powerOff, runImage, standbySync } from './standby.ts';
import { stepCommands } from './steps.ts';
import { lockdown } from './system-commands.ts';

export const COMMANDS: readonly IronicCommand[] = [
  ...stepCommands(),
  standbySync,
  powerOff,
  runImage,
  ...IMAGE_COMMANDS,
  lockdown,
  finalizeRescue,
  collectSystemLogs,
  hardwareInfo,
];
