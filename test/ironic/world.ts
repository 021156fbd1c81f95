/** What the cases share: a real Ironic with doors before it, a file server, and the agent as a process of its own. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AgentEvent } from '../../agent/loop/events.ts';
import { startDaemon, type Daemon, type DaemonOptions } from '../../platform/process/daemon.ts';
import { freePort } from '../deploy/ports.ts';
import { mbrImage } from '../agent/disk-image/tables/tables.ts';
import { createApi, type IronicApi, type IronicNode } from './api.ts';
import { serveFiles, type FileServer } from './file-server.ts';
import type { IronicFiles } from './packages.ts';
import { startPeer, type Peer } from './peer.ts';
import type { Release } from './releases.ts';
import { openRecorder, type Recorder } from './recorder.ts';

/** Of the machine in that capture. */
export const MAC = '02:fc:00:db:02:41';
/** Where the recorded machines are. */
export const CAPTURES = new URL('../fixtures/captures', import.meta.url).pathname;
export const IMAGE_BYTES = 64 * 1024 * 1024;
const DISK_BYTES = 5 * 2 ** 30; // sparse

export interface World {
  readonly release: Release;
  readonly peer: Peer;
  /** The API as people use it. */
  readonly api: IronicApi;
  /** What lies between agents and the API, and between agents and the inspector. */
  readonly door: Recorder;
  readonly inspection: Recorder;
  readonly files: FileServer;
  readonly dir: string;
  /** The file that stands for the machine's disk: 5 GiB, of which nothing is written. */
  readonly disk: string;
  /** Starts `razor-mk run` as the machine whose capture is in test/fixtures/captures. */
  agent(line: string, options?: AgentOptions): Promise<AgentProcess>;
  /** The kernel line that Ironic's own iPXE script has for this machine, as iPXE would expand it. */
  kernelLine(node: string, mac: string): string;
  /** A line of the run's timeline. */
  tell(line: string): void;
  close(): Promise<void>;
}

export interface AgentOptions {
  readonly stateDir?: string;
  /** A capture: its path, or its name in test/fixtures/captures. */
  readonly machine?: string;
  /** The file that stands for its disk; the world's by default. */
  readonly disk?: string;
}

type Seen = AgentEvent & { readonly sinceMs: number };

export interface AgentProcess {
  readonly events: readonly Seen[];
  readonly stateDir: string;
  /** What it said, for people. */
  readonly said: () => string;
  /** Why it cannot answer any more, or undefined while it lives. */
  readonly gone: () => string | undefined;
  waitFor<T extends AgentEvent['event']>(
    event: T,
    matches?: (event: Extract<AgentEvent, { event: T }>) => boolean,
    timeoutMs?: number,
  ): Promise<Extract<AgentEvent, { event: T }>>;
  stop(): Promise<void>;
  /** SIGKILL, as the kernel’s OOM killer does. */
  kill(): Promise<void>;
}

/** Started so that it ends with us, however we end. */
export function startBound(argv: readonly [string, ...string[]], options: DaemonOptions = {}): Promise<Daemon> {
  return startDaemon(['setpriv', '--pdeathsig', 'KILL', '--', ...argv], options);
}

export async function openWorld(ironic: IronicFiles, dir: string, tell: (line: string) => void): Promise<World> {
  for (const name of ['http', 'agents']) rmSync(join(dir, name), { recursive: true, force: true });
  for (const name of ['http', 'agents']) mkdirSync(join(dir, name), { recursive: true });
  const httpRoot = join(dir, 'http');
  const disk = join(dir, 'disk.raw');
  writeFileSync(disk, Buffer.alloc(1024 * 1024, 0xee)); // somebody else's system
  truncateSync(disk, DISK_BYTES);
  for (const name of ['kernel', 'ramdisk']) writeFileSync(join(httpRoot, name), `stands for the ${name}\n`);
  const image = mbrImage(IMAGE_BYTES / 512);
  randomBytes(IMAGE_BYTES - 2 ** 20).copy(image, 2 ** 20);
  writeFileSync(join(httpRoot, 'image.raw'), image);
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    const files = await serveFiles(httpRoot);
    closers.push(() => files.close());
    const [door, inspection] = [await openRecorder(), await openRecorder()];
    closers.push(
      () => door.close(),
      () => inspection.close(),
    );
    const peer = await startPeer({
      files: ironic,
      dir: join(dir, 'peer'),
      host: '127.0.0.1',
      ports: [await freePort(), await freePort(), await freePort()],
      httpRoot,
      httpUrl: files.url,
      agentsUrl: door.url,
      start: startBound,
    });
    closers.push(() => peer.close());
    door.target = peer.apiUrl;
    inspection.target = peer.inspectorUrl;
    let count = 0;
    return {
      release: ironic.release,
      peer,
      door,
      inspection,
      files,
      dir,
      disk,
      tell,
      close,
      api: createApi(peer.apiUrl),
      async agent(line, options = {}) {
        const place = join(dir, 'agents', String(++count).padStart(2, '0'));
        const agent = await startAgent(line, { disk, ...options, place, tell });
        closers.push(() => agent.stop());
        return agent;
      },
      kernelLine: (node, mac) => kernelLine(httpRoot, node, mac),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function kernelLine(httpRoot: string, node: string, mac: string): string {
  const script = readFileSync(join(httpRoot, 'pxelinux.cfg', mac.replaceAll(':', '-')), 'utf8');
  const line = /^kernel (\S+(?:deploy|rescue)_kernel) (.*?) \|\|/m.exec(script)?.[2];
  if (line === undefined) throw new Error(`Ironic wrote no kernel line for ${node}:\n${script}`);
  return line.replaceAll('${mac}', mac);
}

async function startAgent(
  line: string,
  options: AgentOptions & {
    readonly place: string;
    readonly disk: string;
    readonly tell: (line: string) => void;
  },
): Promise<AgentProcess> {
  const { place, machine = 'firecracker.tar.gz', disk, tell } = options;
  mkdirSync(place, { recursive: true });
  const stateDir = options.stateDir ?? join(place, 'state');
  const cmdline = join(place, 'cmdline');
  writeFileSync(cmdline, `${line}\n`);
  const root = new URL('../..', import.meta.url).pathname;
  const events: Seen[] = [];
  const waiting = new Set<() => void>();
  let said = '';
  let ended: string | undefined;
  const daemon = await startBound(
    [
      ...([process.execPath, join(root, 'agent/main.ts'), 'run', '--events'] as const),
      ...['--cmdline', cmdline, '--state-dir', stateDir, '--disk-file', disk],
      ...['--from', resolve(CAPTURES, machine)],
      ...['--config', '/dev/null', '--resolv-conf', join(place, 'none.conf'), '--log-level', 'debug'],
    ],
    {
      onLine: (text, stream) => {
        writeFileSync(join(place, stream === 'stdout' ? 'events' : 'log'), `${text}\n`, { flag: 'a' });
        if (stream === 'stderr') {
          said += `${text}\n`;
          return;
        }
        const event = JSON.parse(text) as Seen;
        events.push(event);
        const line = told(event);
        if (line !== undefined) tell(`agent: ${line}`);
        for (const check of waiting) check();
      },
    },
  );
  void daemon.exited.then(({ status, signal }) => {
    ended = `the agent ended (${signal ?? status ?? ''})\n${said.slice(-1500)}`;
    for (const check of waiting) check();
  });
  return {
    events,
    stateDir,
    said: () => said,
    gone: () => ended,
    waitFor(event, matches = () => true, timeoutMs = 60_000) {
      type Wanted = Extract<AgentEvent, { event: typeof event }>;
      return new Promise((resolve, reject) => {
        const end = (): void => {
          clearTimeout(timer);
          waiting.delete(check);
        };
        const check = (): void => {
          const found = events.find((each) => each.event === event && matches(each as unknown as Wanted));
          if (found === undefined && ended === undefined) return;
          end();
          if (found === undefined) reject(new Error(`waited for the event ${event}: ${String(ended)}`));
          else resolve(found as unknown as Wanted);
        };
        const timer = setTimeout(() => {
          end();
          reject(new Error(`no event ${event} within ${timeoutMs / 1000} s\n${said.slice(-1500)}`));
        }, timeoutMs);
        waiting.add(check);
        check();
      });
    },
    stop: () => daemon.stop(),
    async kill() {
      process.kill(-daemon.pid, 'SIGKILL');
      await daemon.exited;
    },
  };
}

/** What of the agent's events belongs into a timeline. */
function told(event: AgentEvent): string | undefined {
  switch (event.event) {
    case 'reported':
      return 'the inventory is taken';
    case 'serving':
      return `found by its lookup; takes commands at ${event.callback}`;
    case 'heartbeat':
      return 'heartbeat';
    case 'command':
      return event.name;
    default:
      return undefined;
  }
}

/** The node that has this machine's card as its port. */
export async function theNode(world: World): Promise<IronicNode> {
  const { json } = await world.api.must('GET', `/v1/ports/detail?address=${MAC}`);
  const [port] = (json as { ports: { node_uuid: string }[] }).ports;
  if (port === undefined) throw new Error(`Ironic has no port ${MAC}`);
  return await world.api.node(port.node_uuid);
}

/** Files that the conductor kept of failed ramdisks. */
export function keptLogs(world: World): string[] {
  return readdirSync(join(world.peer.place.dir, 'ramdisk-logs'));
}
