/** Load for a server on this machine, made as cheaply as can be: the machine is shared with what is measured. */
import { createConnection, type Socket } from 'node:net';

export interface Measured {
  readonly count: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Not 200, no `errcode` 0, or no answer. */
  readonly failures: number;
}

export interface LoadOptions {
  readonly port: number;
  readonly seconds: number;
  readonly connections: number;
  /** Requests a second, each with its own moment; 0: the next one as soon as the one before is answered. */
  readonly rate: number;
  /** The bytes of request number `turn`. */
  readonly make: (turn: number) => string;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH = Buffer.from('ontent-');
const GOOD = Buffer.from('"errcode":0');
const PATIENCE_MS = 10_000;

/** One kept connection. `done` is called when the reply is whole. */
class Lane {
  readonly socket: Socket;
  /** The moment at which what is under way was due; 0 when nothing is. */
  due = 0;
  private received = Buffer.alloc(0);
  constructor(port: number, done: (lane: Lane, good: boolean) => void) {
    const read = (bytes: number, buffer: Uint8Array): boolean => {
      const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, bytes);
      const all = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
      const end = all.indexOf(HEAD_END);
      const at = all.indexOf(LENGTH);
      const length = at < 0 || at > end ? 0 : parseInt(all.toString('latin1', at + 14, at + 24), 10);
      if (end < 0 || all.length < end + 4 + length) {
        this.received = Buffer.from(all);
        return true;
      }
      // "HTTP/1.1 200"
      const good = all[9] === 0x32 && all[10] === 0x30 && all.indexOf(GOOD, end) > 0;
      this.received = Buffer.alloc(0);
      done(this, good);
      return true;
    };
    this.socket = createConnection({
      host: '127.0.0.1',
      port,
      noDelay: true,
      onread: { buffer: Buffer.alloc(64 * 1024), callback: read },
    });
    this.socket.on('error', () => this.due > 0 && done(this, false));
  }
}

/** Runs one load to its end. */
export async function load({ port, seconds, connections, rate, make }: LoadOptions): Promise<Measured> {
  const times: number[] = [];
  const waiting: number[] = [];
  const idle: Lane[] = [];
  let [turn, failures, under] = [0, 0, 0];
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const began = performance.now();
  const ends = began + seconds * 1000;
  const send = (lane: Lane, due: number): void => {
    lane.due = due;
    under++;
    lane.socket.write(make(turn++), 'latin1');
  };
  const done = (lane: Lane, good: boolean): void => {
    const now = performance.now();
    times.push(now - lane.due);
    if (!good) failures++;
    under--;
    if (rate === 0 && now < ends) return send(lane, now);
    lane.due = 0;
    const late = waiting.shift();
    if (late !== undefined) return send(lane, late);
    idle.push(lane);
    if (now >= ends && under === 0) end();
  };
  const lanes = Array.from({ length: connections }, () => new Lane(port, done));
  const patience = setTimeout(end, seconds * 1000 + PATIENCE_MS);
  if (rate === 0) for (const lane of lanes) send(lane, performance.now());
  else {
    idle.push(...lanes);
    let asked = 0;
    // each request has its moment; the wait behind a late one counts as its own
    const tick = (): void => {
      const now = performance.now();
      const until = Math.floor(((Math.min(now, ends) - began) / 1000) * rate);
      for (; asked < until; asked++) {
        const due = began + (asked / rate) * 1000;
        const lane = idle.pop();
        if (lane) send(lane, due);
        else waiting.push(due);
      }
      if (now < ends) setTimeout(tick, 1);
      else if (under === 0) end();
    };
    tick();
  }
  await ended;
  clearTimeout(patience);
  const elapsed = (performance.now() - began) / 1000;
  for (const { socket } of lanes) socket.destroy();
  failures += under + waiting.length;
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? 0;
  return { count: times.length, perSecond: times.length / elapsed, p50: at(0.5), p99: at(0.99), failures };
}
