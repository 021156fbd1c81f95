/** What a deployment is handed, and what it makes of it: shared by the steps of deploy.ts. */
import type { Clock } from '../../../platform/time/clock.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import type { Log } from '../../../platform/log/log.ts';
import type { System } from '../../../platform/system.ts';
import type { HttpClient } from '../../http/http-client.ts';
import type { Disk, ListDisks } from '../../disks/disks.ts';
import type { DoneListener } from './conductor/done-listener.ts';
import type { DeployParameters } from './parameters/deploy-parameters.ts';
import type { ReportOptions } from './conductor/report.ts';
import type { Target, TargetOptions } from './iscsi/target.ts';

export interface DeployOptions {
  readonly iscsiPort: number;
  readonly donePort: number;
  /** Besides the API's host and the boot server; `ALL` lets everybody in. */
  readonly allowInitiators: readonly string[];
  readonly versionPrefix: string;
  /** Of the virtual media; undefined where it came with none. */
  readonly token: string | undefined;
  /** The token is sent over plain HTTP too. */
  readonly tokenOverHttp: boolean;
  /** Bound of each wait for `done`, in milliseconds; 1,800,000, as the conductor's. */
  readonly waitMs: number;
  /** How often the disk is looked for, a second apart. */
  readonly diskAttempts?: number;
}

export interface RamdiskContext {
  readonly parameters: DeployParameters;
  readonly options: DeployOptions;
  readonly system: System;
  readonly clock: Clock;
  readonly log: Log;
  readonly http: HttpClient;
  /** Address that the portal and port 10000 listen on and that the conductor is told. Throws when there is none. */
  readonly findAddress: () => Promise<string>;
  readonly listDisks: ListDisks;
  /** Throws when there is no target, or it does not come up; then nothing is exported. */
  readonly exportDisk: (options: TargetOptions) => Promise<Target>;
  /** The token that the boot server has, asked once the disk is exported, or when there is an error to tell. Never throws. */
  readonly fetchToken?: () => Promise<string | undefined>;
  /** User and password that initiators must give. Throws when the file that was named is none. */
  readonly readChap?: () => Promise<TargetOptions['chap']>;
  readonly signal?: AbortSignal;
}

/** A disk that is exported, and who listens. */
export interface Work {
  readonly address: string;
  readonly disk: Disk;
  readonly target: Target;
  /** Undefined in a dry run, where nobody will say anything. */
  readonly listener: DoneListener | undefined;
  readonly report: ReportOptions;
  readonly progress: Progress;
  /** Addresses that connected to the portal and are not allowed to log in, each once. */
  readonly strangers: () => readonly string[];
}

export interface Progress {
  /** A session was seen at some time. */
  session: boolean;
  /** Why a `done` cannot count at this stage, whatever the sessions; undefined while it may. */
  notYet: string | undefined;
  /** The image is written: from here on sessions are no matter. */
  written: boolean;
}

/** An event within the bound of the wait. Throws RAZOR_MK_DEPLOY, or the signal's reason. */
export async function bounded(context: RamdiskContext, event: Promise<void>, what: string): Promise<void> {
  const { clock, options } = context;
  const stop = new AbortController();
  const signal = context.signal ? AbortSignal.any([context.signal, stop.signal]) : stop.signal;
  const late = clock.sleep(options.waitMs, signal).then(() => {
    throw new RazorMkError('RAZOR_MK_DEPLOY', `"${what}" did not come within ${Math.round(options.waitMs / 1000)} s`);
  });
  try {
    await Promise.race([event, late]);
  } finally {
    stop.abort();
    late.catch(() => undefined);
  }
}
