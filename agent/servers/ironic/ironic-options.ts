/** What Ironic's job, its commands and its steps are given. */
import type { Settings } from '../../config/settings.ts';
import type { ListDisks } from '../../disks/disks.ts';
import type { CommandLine } from '../../../platform/kernel-line.ts';
import type { HttpClient } from '../../http/http-client.ts';
import type { Runtime } from '../../loop/runtime.ts';
import type { JobOptions } from '../job.ts';

export type IronicJob = JobOptions;

/** The node as the conductor knows it: from lookup, and replaced by `node` of each get_*_steps and execute_*_step. */
export interface ConductorNode {
  readonly uuid: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly instance_info: Readonly<Record<string, unknown>>;
  readonly driver_internal_info: Readonly<Record<string, unknown>>;
}

/** Of what the job was given, what its commands are given as it is. */
type Handed = 'say' | 'kernel' | 'settings' | 'collect' | 'capture' | 'stateDir' | 'logDir' | 'openFiles';

/** What a command may know and use. */
export interface CommandContext extends Runtime, Pick<JobOptions, Handed> {
  /** Undefined before the first lookup. */
  readonly node: ConductorNode | undefined;
  /** Those that the node's `skip_block_devices` wants left alone are refused in it. */
  readonly listDisks: ListDisks;
  /** `config` of the last lookup, as it came; look before you believe. */
  readonly config: Params;
  /** A client for the conductor's API, with the trust that the settings ask for. */
  readonly openHttp: (url: string) => Promise<HttpClient>;
  /** Told while a long command runs; shown in `status` and in the log, at most every few seconds. */
  readonly progress: (text: string) => void;
  /** Stops serving and sending heartbeats after the answer has gone out (system.lockdown). */
  readonly endService: (reason: string) => void;
}

/** JSON of the conductor; look before you believe. */
export type Params = Readonly<Record<string, unknown>>;

/** One command of the agent's API: `POST /v1/commands/ {"name": "standby.sync", "params": {}}`. */
export interface IronicCommand {
  /** `extension.command`. */
  readonly name: `${string}.${string}`;
  /** An async command is answered RUNNING at once, and ends in a forced heartbeat. */
  readonly async: boolean;
  /** It changes disks or firmware: it is not begun unless that can be written down. */
  readonly changesMachine?: boolean;
  /** Resolves to `command_result` (JSON). What it throws becomes `command_error`; RazorMkError with its remedy. */
  readonly run: (params: Params, context: CommandContext) => Promise<unknown>;
}

export type StepKind = 'clean' | 'deploy' | 'service';

/** What execute_*_step asks for. */
interface StepCall {
  readonly kind: StepKind;
  /** `args` of the step. */
  readonly args: Params;
  /** The node's ports, as they came. */
  readonly ports: unknown;
}

/** One step that get_*_steps lists and execute_*_step runs. */
export interface IronicStep {
  readonly name: string;
  readonly kinds: readonly StepKind[];
  /** 0: only when the operator asks for it by name. */
  readonly priority: (settings: Settings, kind: StepKind, kernel: CommandLine) => number;
  readonly interface: 'deploy' | 'raid' | 'bios' | 'management' | 'power';
  readonly rebootRequested?: boolean;
  readonly abortable?: boolean;
  /** `{name: {description, required}}`, as Ironic's API shows it. */
  readonly argsinfo?: Readonly<Record<string, { readonly description: string; readonly required: boolean }>>;
  /** Resolves to the step's result (JSON). */
  readonly run: (call: StepCall, context: CommandContext) => Promise<unknown>;
}
