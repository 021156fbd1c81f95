/** The commands that this agent knows. A new command is a file beside this one and a line here. */
import type { IronicCommand } from '../options.ts';
import { stepCommands } from './steps.ts';

export const COMMANDS: readonly IronicCommand[] = [...stepCommands()];
