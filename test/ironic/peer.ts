/** The real Ironic and its inspector as child processes: configuration, databases, start, and the end of all of them. */
import { createWriteStream, mkdirSync, rmSync, writeFileSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { startDaemon, type Daemon, type DaemonOptions } from '../../platform/process/daemon.ts';
import { run, type RunResult } from '../../platform/process/run.ts';
import type { IronicFiles } from './packages.ts';
import { inspectorSettings, ironicSettings, type Place } from './settings.ts';

type Argv = readonly [string, ...string[]];

export interface PeerOptions {
  readonly files: IronicFiles;
  /** Emptied; configuration, databases and logs. */
  readonly dir: string;
  readonly host: string;
  readonly ports: readonly [api: number, rpc: number, inspector: number];
  readonly httpRoot: string;
  readonly httpUrl: string;
  /** What kernel lines name as the API; the API itself by default. */
  readonly agentsUrl?: string;
  /** Seconds that a machine has to go when it was told to: 1, for machines that are none. */
  readonly goesWithin?: number;
  /** How a program is started; in a namespace, for instance. */
  readonly start?: (argv: Argv, options: DaemonOptions) => Promise<Daemon>;
  /** Asks whether an URL answers; from where the agent will be. */
  readonly answers?: (url: string) => Promise<boolean>;
}

export interface Peer {
  /** Without a slash at its end. */
  readonly apiUrl: string;
  /** Ironic's own API where it has no inspector. */
  readonly inspectorUrl: string;
  readonly place: Place;
  /** Where the three programs' logs are. */
  readonly logs: string;
  close(): Promise<void>;
}

/** Starts all three and waits until they answer. Throws with the last lines of the log of the one that does not. */
export async function startPeer(options: PeerOptions): Promise<Peer> {
  const { files, dir, host, ports, httpRoot, httpUrl } = options;
  const logs = join(dir, 'log');
  rmSync(dir, { recursive: true, force: true });
  for (const name of ['log', 'tmp', 'locks', 'coordination', 'tftp', 'images', 'master', 'ramdisk-logs']) {
    mkdirSync(join(dir, name), { recursive: true });
  }
  const [apiPort, rpcPort, inspectorPort] = ports;
  const agentsUrl = options.agentsUrl ?? `http://${host}:${apiPort}`;
  const place: Place = {
    host,
    apiPort,
    rpcPort,
    inspectorPort,
    httpRoot,
    httpUrl,
    agentsUrl,
    dir,
    pybasedir: files.pybasedir,
    release: files.release,
    ...(options.goesWithin !== undefined && { goesWithin: options.goesWithin }),
  };
  const config = join(dir, 'ironic.conf');
  const inspectorConfig = join(dir, 'inspector.conf');
  writeFileSync(config, ironicSettings(place));
  writeFileSync(inspectorConfig, inspectorSettings(place));
  const { hasInspector } = files.release;
  const schemas = await Promise.all([
    once(files, 'ironic-dbsync', '--config-file', config, 'create_schema'),
    ...(hasInspector ? [once(files, 'ironic-inspector-dbsync', '--config-file', inspectorConfig, 'upgrade')] : []),
  ]);
  for (const result of schemas) {
    if (result.status !== 0) throw new Error(`${result.argv.join(' ')}: ${result.stderr.toString().slice(-2000)}`);
  }
  const started: Service[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(started.map((service) => service.stop()));
  };
  const begin = async (name: string, file: string): Promise<Service> => {
    const argv = files.program(name, '--config-file', file);
    const service = await startService(name, argv, { env: files.env, logs, start: options.start ?? startDaemon });
    started.push(service);
    return service;
  };
  const apiUrl = `http://${host}:${apiPort}`;
  const inspectorUrl = hasInspector ? `http://${host}:${inspectorPort}` : apiUrl;
  const answers = options.answers ?? ((url) => answersHere(url));
  try {
    const conductor = await begin('ironic-conductor', config);
    const api = await begin('ironic-api', config);
    const inspector = hasInspector ? await begin('ironic-inspector', inspectorConfig) : undefined;
    await api.until(() => answers(`${apiUrl}/`));
    await inspector?.until(() => answers(`${inspectorUrl}/v1`));
    // a driver is known when a conductor has registered itself
    await conductor.until(() => answers(`${apiUrl}/v1/drivers/manual-management`));
  } catch (error) {
    await close();
    throw error;
  }
  return { apiUrl, inspectorUrl, place, logs, close };
}

function once(files: IronicFiles, name: string, ...args: readonly string[]): Promise<RunResult> {
  return run(files.program(name, ...args), { env: files.env, timeoutMs: 240_000 });
}

interface Service {
  until(ready: () => Promise<boolean>): Promise<void>;
  stop(): Promise<void>;
}

const STARTS_WITHIN_MS = 180_000;

async function startService(
  name: string,
  argv: Argv,
  how: {
    readonly env: Readonly<Record<string, string>>;
    readonly logs: string;
    readonly start: NonNullable<PeerOptions['start']>;
  },
): Promise<Service> {
  const log: WriteStream = createWriteStream(join(how.logs, `${name}.log`));
  const last: string[] = [];
  const daemon = await how.start(argv, {
    env: how.env,
    onLine: (line) => {
      log.write(`${line}\n`);
      last.push(line);
      if (last.length > 15) last.shift();
    },
  });
  let gone = false;
  void daemon.exited.then(() => (gone = true));
  return {
    async until(ready) {
      const deadline = performance.now() + STARTS_WITHIN_MS;
      while (!(await ready())) {
        if (gone || performance.now() > deadline) {
          throw new Error(`${name} ${gone ? 'ended' : 'does not answer'}:\n${last.join('\n')}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    },
    async stop() {
      await daemon.stop(3000);
      log.end();
    },
  };
}

async function answersHere(url: string): Promise<boolean> {
  try {
    const reply = await fetch(url, {
      headers: { 'x-openstack-ironic-api-version': '1.31' },
      signal: AbortSignal.timeout(5000),
    });
    await reply.arrayBuffer();
    return reply.ok;
  } catch {
    return false;
  }
}
