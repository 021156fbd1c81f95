/**
 * How much a lab takes: check-ins and registers a second, with 1,000, 10,000 and 100,000 known nodes, in memory and on disk.
 * The load comes from a process of its own, on the same machine, over kept connections. Figures are printed, not judged.
 *   node test/bench/lab.ts [NODES,NODES] [SECONDS]
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startDaemon } from '../../platform/daemon.ts';
import { startLab } from '../../lab/server.ts';

const CONNECTIONS = 32;
const SELF = fileURLToPath(import.meta.url);
const FACTS: Record<string, string> = Object.fromEntries(
  Array.from({ length: 120 }, (_, index) => [`mk_hw_fact_${index}`, `value ${index} of some ordinary length`]),
);

const idOf = (index: number): string => `02${index.toString(16).padStart(10, '0')}`.toUpperCase();

/** One server process: prints its port, then its memory on each line that it reads. */
async function serve(db: string, nodes: number): Promise<void> {
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 }, db });
  const { store } = lab;
  for (let done = 0; done < nodes;) {
    const until = Math.min(nodes, done + 1000);
    await store.write(() => {
      for (; done < until; done++) {
        const node = store.nodes.create({ dialect: 'razor', hwIds: [idOf(done)], at: Date.now(), allowed: true });
        store.nodes.setFacts(node.id, { ...FACTS, hostname: `mk${done}` }, 'idle', Date.now());
      }
    });
  }
  // what is looked up is spread over an hour of contacts, as it would be: nobody is silent for too long
  process.stdout.write(`ready ${new URL(lab.nodesUrl).port}\n`);
  process.stdin.on('data', () => {
    const { rss } = process.memoryUsage();
    const cpu = process.cpuUsage();
    process.stdout.write(`usage ${rss} ${cpu.user + cpu.system}\n`);
  });
}

interface Measured {
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly failures: number;
}

/** One kept connection that sends a request as soon as the reply before it is whole. */
class Lane {
  readonly socket: Socket;
  received = '';
  done: ((ok: boolean) => void) | undefined;
  constructor(port: number) {
    this.socket = createConnection({ host: '127.0.0.1', port });
    this.socket.setNoDelay(true);
    this.socket.setEncoding('latin1');
    this.socket.on('data', (text: unknown) => this.read(String(text)));
    this.socket.on('error', () => this.done?.(false));
  }
  read(text: string): void {
    this.received += text;
    const end = this.received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.received)?.[1] ?? 0);
    if (this.received.length < end + 4 + length) return;
    const ok = this.received.startsWith('HTTP/1.1 200') && this.received.includes('"errcode":0');
    this.received = '';
    this.done?.(ok);
  }
  ask(bytes: string): Promise<boolean> {
    return new Promise((resolve) => {
      this.done = resolve;
      this.socket.write(bytes);
    });
  }
}

async function load(port: number, seconds: number, rate: number, make: (turn: number) => string): Promise<Measured> {
  const times: number[] = [];
  let [turn, failures] = [0, 0];
  const began = performance.now();
  const ends = began + seconds * 1000;
  const lanes = Array.from({ length: CONNECTIONS }, () => new Lane(port));
  await Promise.all(
    lanes.map(async (lane) => {
      while (performance.now() < ends) {
        const mine = turn++;
        // at a given rate each request has its moment, and the wait behind a late one counts as its own
        const due = rate === 0 ? performance.now() : began + (mine / rate) * 1000;
        const early = due - performance.now();
        if (early > 1) await new Promise((resolve) => setTimeout(resolve, early));
        if (!(await lane.ask(make(mine)))) failures++;
        times.push(performance.now() - due);
      }
    }),
  );
  const elapsed = (performance.now() - began) / 1000;
  for (const { socket } of lanes) socket.destroy();
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? 0;
  return { perSecond: times.length / elapsed, p50: at(0.5), p99: at(0.99), failures };
}

const HEAD = 'Host: 127.0.0.1\r\nConnection: keep-alive\r\n';

function checkin(nodes: number): (turn: number) => string {
  return (turn) => {
    const id = idOf((turn * 7919) % nodes);
    return `GET /razor/api/node/checkin?hw_id=${id}&last_state=idle HTTP/1.1\r\n${HEAD}\r\n`;
  };
}

function register(nodes: number): (turn: number) => string {
  return (turn) => {
    const id = idOf((turn * 104_729) % nodes);
    const hash = { '@hw_id': id, '@attributes_hash': { ...FACTS, turn: String(turn) }, '@last_state': 'idle' };
    const body = `json_hash=${encodeURIComponent(JSON.stringify(hash))}`;
    const type = 'Content-Type: application/x-www-form-urlencoded\r\n';
    return `POST /razor/api/node/register HTTP/1.1\r\n${HEAD}${type}Content-Length: ${body.length}\r\n\r\n${body}`;
  };
}

async function bench(nodes: number, disk: boolean, seconds: number): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'razor-mk-bench-'));
  const db = disk ? join(directory, 'lab.db') : ':memory:';
  const waiting: ((line: string) => void)[] = [];
  const line = (): Promise<string> => new Promise((resolve) => waiting.push(resolve));
  const first = line();
  const server = await startDaemon([process.execPath, SELF, '--serve', db, String(nodes)], {
    onLine: (text, stream) => (stream === 'stdout' ? waiting.shift()?.(text) : process.stderr.write(`${text}\n`)),
  });
  try {
    const port = Number((await first).split(' ')[1]);
    const usage = async (): Promise<number[]> => {
      const answer = line();
      server.write('u\n');
      return (await answer).split(' ').slice(1).map(Number);
    };
    await load(port, 1, 0, checkin(nodes)); // warm up
    const [, cpuBefore = 0] = await usage();
    const full = await load(port, seconds, 0, checkin(nodes));
    const [, cpuAfter = 0] = await usage();
    const steady = await load(port, seconds, 3000, checkin(nodes));
    const registers = await load(port, seconds, 0, register(nodes));
    const [rss = 0] = await usage();
    const ms = (value: number): string => value.toFixed(1).padStart(6);
    const perCheckin = (cpuAfter - cpuBefore) / (full.perSecond * seconds);
    const bytes = disk ? statSync(db).size : 0;
    process.stdout.write(
      `${String(nodes).padStart(7)} ${disk ? 'disk  ' : 'memory'} | ` +
        `${full.perSecond.toFixed(0).padStart(6)}/s ${ms(full.p50)} ${ms(full.p99)} ${perCheckin.toFixed(0).padStart(5)} us | ` +
        `${steady.perSecond.toFixed(0).padStart(5)}/s ${ms(steady.p50)} ${ms(steady.p99)} | ` +
        `${registers.perSecond.toFixed(0).padStart(5)}/s ${ms(registers.p50)} ${ms(registers.p99)} | ` +
        `${(rss / 2 ** 20).toFixed(0).padStart(5)} MiB ${disk ? `${(bytes / 2 ** 20).toFixed(0)} MiB` : '-'}` +
        `${full.failures + steady.failures + registers.failures > 0 ? `  FAILED: ${full.failures + steady.failures + registers.failures}` : ''}\n`,
    );
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

if (process.argv[2] === '--serve') await serve(process.argv[3] ?? ':memory:', Number(process.argv[4]));
else {
  const counts = (process.argv[2] ?? '1000,10000,100000').split(',').map(Number);
  const seconds = Number(process.argv[3] ?? 5);
  const load = loadavg()[0]?.toFixed(1);
  process.stdout.write(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores shared with the load, load average before ${load}\n` +
      `ms are p50 and p99; us is the lab's processor time of one check-in; ${CONNECTIONS} connections\n` +
      '  nodes where  | check-ins, as fast as it goes          | check-ins at 3000/s     | registers               | memory, disk\n',
  );
  for (const nodes of counts) for (const disk of [false, true]) await bench(nodes, disk, seconds);
}
