/** A deployment with everything around it replaced: an API that answers as told, a target that nobody exports, a quiet system. */
import type { RamdiskContext, DeployOptions } from '../../agent/servers/ironic-2014/deploy-context.ts';
import type { Disk } from '../../agent/disks/disks.ts';
import { deployParameters, parseParameters } from '../../agent/servers/ironic-2014/parameters/deploy-parameters.ts';
import type { Target, TargetOptions } from '../../agent/servers/ironic-2014/iscsi/target.ts';
import type { HttpClient, HttpRequest } from '../../agent/http/http-client.ts';
import { HttpFailure } from '../../agent/http/http-failure.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { createLog } from '../../platform/log/log.ts';
import type { RunResult } from '../../platform/process/run.ts';
import type { System } from '../../platform/system.ts';

export const NODE = 'f02e3aae-762e-4a4e-afc2-64afb092cdc1';
export const KEY = '9ATNBQX1M8O9UQTXM8IEHJKX8J6QYV5H';
export const LINE =
  `deployment_id=${NODE} deployment_key=${KEY} iscsi_target_iqn=iqn-${NODE} ` +
  'ironic_api_url=http://127.0.0.1:6385 disk=sda,xvdq';

/** What the API does with one request: a status, a status with headers and body, or `gone` for a broken line. */
export type Answer =
  number | 'gone' | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

export interface Api extends HttpClient {
  readonly requests: HttpRequest[];
  readonly bodies: () => Record<string, string>[];
}

/** Answers in order; the last answer stays. `onRequest` is called before each. */
export function scriptedApi(answers: readonly Answer[], onRequest?: (request: HttpRequest) => void): Api {
  const requests: HttpRequest[] = [];
  return {
    requests,
    bodies: () => requests.map((request) => JSON.parse(request.body ?? '') as Record<string, string>),
    request(request) {
      const answer = answers[Math.min(requests.length, answers.length - 1)] ?? 202;
      requests.push(request);
      onRequest?.(request);
      if (answer === 'gone') return Promise.reject(new HttpFailure('RAZOR_MK_HTTP', 'connection refused'));
      const { status, headers = {}, body = '' } = typeof answer === 'number' ? { status: answer } : answer;
      return Promise.resolve({ status, headers, body: Buffer.from(body), durationMs: 1 });
    },
  };
}

export interface DeployBench {
  readonly context: RamdiskContext;
  /** Everything that the log wrote, as people and as machines see it. */
  readonly written: () => string;
  /** What was done to the machine, in order. */
  readonly changes: string[];
  readonly exports: TargetOptions[];
  /** `looks` counts how often its sessions were asked for. */
  readonly target: { sessions: number; stops: number; looks: number };
}

export interface BenchOptions {
  readonly clock: Clock;
  readonly http: HttpClient;
  /** Goes before the usual kernel line. */
  readonly line?: string;
  readonly options?: Partial<DeployOptions>;
  readonly disks?: readonly Disk[];
  readonly context?: Partial<RamdiskContext>;
  readonly runs?: (argv: readonly string[]) => Partial<RunResult>;
}

export function aDisk(name: string, extra: Partial<Disk> = {}): Disk {
  const none = { model: '', vendor: '', serial: '', wwn: '', wwnWithExtension: '', wwnVendorExtension: '', hctl: '' };
  const facts = { sizeBytes: 10 * 2 ** 30, rotational: false, byPath: '', refused: undefined };
  return { name, path: `/dev/razor-mk-none-${name}`, ...none, ...facts, ...extra };
}

export function deployBench(bench: BenchOptions): DeployBench {
  let text = '';
  const log = createLog({
    level: 'debug',
    people: (line) => (text += `${line}\n`),
    json: { write: (line: string) => void (text += line) },
  });
  const changes: string[] = [];
  const exports: TargetOptions[] = [];
  const target = { sessions: 0, stops: 0, looks: 0 };
  const system: System = {
    live: true,
    changes: [],
    run(what, argv) {
      changes.push(what);
      const blank = { argv, signal: undefined, failure: undefined, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
      return Promise.resolve({ ...blank, status: 0, durationMs: 1, ...bench.runs?.(argv) });
    },
    write: (what) => void changes.push(what),
    async change(what, action) {
      changes.push(what);
      return what.startsWith('flush') ? undefined : await action();
    },
    reboot: () => Promise.resolve(),
    poweroff: () => Promise.resolve(),
  };
  const exported: Target = {
    kind: 'a fake',
    sessions: () => {
      target.looks++;
      return Promise.resolve(target.sessions);
    },
    stop: () => Promise.resolve(void target.stops++),
  };
  return {
    changes,
    exports,
    target,
    written: () => text,
    context: {
      parameters: deployParameters(parseParameters(`${bench.line ?? ''} ${LINE}`)),
      options: {
        iscsiPort: 3260,
        donePort: 0,
        allowInitiators: [],
        versionPrefix: '/v1',
        token: undefined,
        tokenOverHttp: false,
        waitMs: 1_800_000,
        diskAttempts: 2,
        ...bench.options,
      },
      system,
      clock: bench.clock,
      log,
      http: bench.http,
      findAddress: () => Promise.resolve('127.0.0.1'),
      listDisks: () => bench.disks ?? [aDisk('xvdq')],
      exportDisk: (options) => Promise.resolve((exports.push(options), exported)),
      ...bench.context,
    },
  };
}
