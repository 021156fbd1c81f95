/**
 * Syslog after RFC 5424, over UDP (RFC 5426) or TCP with octet counting (RFC 6587). It never blocks and never throws: a
 * collector that is away, slow or silent costs lines. The queue is bounded; what was dropped is counted and told.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, isIP, type Socket } from 'node:net';
import { RazorMkError } from '../errors/errors.ts';
import type { LogLevel } from './log.ts';

export interface SyslogTarget {
  readonly protocol: 'udp' | 'tcp';
  readonly host: string;
  readonly port: number;
}

export interface SyslogOptions {
  readonly target: SyslogTarget;
  /** This machine's name; asked for each line, because it is set while we run. */
  readonly hostname: () => string;
  readonly wall?: () => Date;
  /** Finds the address of a name. Without it a name is never looked up: the system's resolver may hang for minutes. */
  readonly resolve?: (name: string) => Promise<string | undefined>;
  /** Bytes that may wait; 256 KiB by default. */
  readonly queueBytes?: number;
}

export interface Syslog {
  readonly dropped: number;
  readonly sent: number;
  write(level: LogLevel, message: string): void;
  /** Waits at most `graceMs` (500) for what is queued, then lets go. */
  close(graceMs?: number): Promise<void>;
}

const SEVERITY: Readonly<Record<LogLevel, number>> = { fatal: 2, error: 3, warn: 4, info: 6, debug: 7 };
const FACILITY_LOCAL0 = 16;
/** RFC 5426 section 3.2: receivers should accept 2,048 octets. */
const UDP_LIMIT = 2048;
const TCP_LIMIT = 8192;
const RECONNECT_CAP_MS = 60_000;

/** Reads `udp://HOST[:PORT]`, `tcp://HOST[:PORT]` or `HOST[:PORT]` (UDP). Throws RAZOR_MK_USAGE. */
export function parseSyslogTarget(text: string): SyslogTarget {
  const match = /^(?:(udp|tcp):\/\/)?(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?\/?$/i.exec(text.trim());
  const host = match?.[2] ?? match?.[3];
  const protocol = match?.[1]?.toLowerCase() === 'tcp' ? 'tcp' : 'udp';
  const port = match?.[4] === undefined ? (protocol === 'tcp' ? 601 : 514) : Number(match[4]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new RazorMkError('RAZOR_MK_USAGE', `not a syslog address: ${text.slice(0, 100)}`, {
      remedy: 'Write udp://HOST:514 or tcp://HOST:601.',
    });
  }
  return { protocol, host, port };
}

/** One RFC 5424 message, cut to `limit` bytes at a character. */
export function formatSyslog(
  level: LogLevel,
  message: string,
  options: { readonly wall: Date; readonly hostname: string; readonly limit?: number },
): string {
  const name = options.hostname.replaceAll(/[^\x21-\x7e]/g, '').slice(0, 255) || '-';
  const head = `<${FACILITY_LOCAL0 * 8 + SEVERITY[level]}>1 ${options.wall.toISOString()} ${name} razor-mk ${process.pid} - - `;
  // eslint-disable-next-line no-control-regex -- control characters would let a message forge lines at the collector
  const text = message.replaceAll(/[\x00-\x1f\x7f]+/g, ' ');
  const whole = Buffer.from(`${head}${text}`);
  const limit = options.limit ?? UDP_LIMIT;
  if (whole.length <= limit) return whole.toString();
  let end = limit;
  while (end > 0 && ((whole[end] ?? 0) & 0xc0) === 0x80) end--;
  return whole.subarray(0, end).toString();
}

/** Opens a sender. Nothing is connected until the first line. */
export function openSyslog(options: SyslogOptions): Syslog {
  const { target } = options;
  const wall = options.wall ?? ((): Date => new Date());
  const queueBytes = options.queueBytes ?? 256 * 1024;
  const limit = target.protocol === 'udp' ? UDP_LIMIT : TCP_LIMIT;
  const counters = { dropped: 0, untold: 0, sent: 0 };
  const transport = target.protocol === 'udp' ? udpTransport(options, counters) : tcpTransport(options, counters);
  let queue: string[] = [];
  let queued = 0;

  const format = (level: LogLevel, message: string): string =>
    formatSyslog(level, message, { wall: wall(), hostname: options.hostname(), limit });
  const drop = (): void => {
    counters.dropped++;
    counters.untold++;
  };
  const pump = (): void => {
    while (queue.length > 0 && transport.ready()) {
      if (counters.untold > 0) {
        transport.send(format('warn', `${counters.untold} log lines were dropped on the way to this collector`));
        counters.untold = 0;
        continue;
      }
      const line = queue.shift() as string;
      queued -= line.length;
      transport.send(line);
    }
  };
  transport.onReady = pump;
  return {
    get dropped() {
      return counters.dropped;
    },
    get sent() {
      return counters.sent;
    },
    write(level, message) {
      const line = format(level, message);
      queue.push(line);
      queued += line.length;
      while (queued > queueBytes) {
        queued -= (queue.shift() as string).length;
        drop();
      }
      transport.wake();
      pump();
    },
    async close(graceMs = 500) {
      const until = performance.now() + graceMs;
      pump();
      while (queue.length > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
      await transport.close(Math.max(0, until - performance.now()));
      queue = [];
      queued = 0;
    },
  };
}

interface Transport {
  onReady: () => void;
  ready(): boolean;
  send(line: string): void;
  /** Begins to connect or to resolve when that is needed and due. */
  wake(): void;
  close(graceMs: number): Promise<void>;
}

async function addressOf(options: SyslogOptions): Promise<string | undefined> {
  const { host } = options.target;
  if (isIP(host) !== 0) return host;
  return await options.resolve?.(host).catch(() => undefined);
}

function udpTransport(options: SyslogOptions, counters: { dropped: number; sent: number }): Transport {
  let socket: UdpSocket | undefined;
  let address: string | undefined;
  let resolving = false;
  let pending = 0;
  const transport: Transport = {
    onReady: () => undefined,
    ready: () => socket !== undefined && pending < 64,
    wake() {
      if (socket !== undefined || resolving) return;
      resolving = true;
      void addressOf(options).then((found) => {
        if (found !== undefined) {
          address = found;
          socket = createSocket(isIP(found) === 6 ? 'udp6' : 'udp4');
          socket.on('error', () => undefined);
          socket.unref();
          transport.onReady();
        }
        // a name that was not found is asked again with the first line after 10 s
        setTimeout(() => (resolving = false), 10_000).unref();
      });
    },
    send(line) {
      pending++;
      socket?.send(line, options.target.port, address, (error) => {
        pending--;
        if (error === null) counters.sent++;
        else counters.dropped++;
        transport.onReady();
      });
    },
    async close(graceMs) {
      const until = performance.now() + graceMs;
      while (pending > 0 && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
      socket?.close();
      socket = undefined;
      resolving = true;
    },
  };
  return transport;
}

function tcpTransport(options: SyslogOptions, counters: { sent: number }): Transport {
  let socket: Socket | undefined;
  let connected = false;
  let busy = false;
  let attempt = 0;
  let closed = false;
  const transport: Transport = {
    onReady: () => undefined,
    ready: () => connected && socket !== undefined && !socket.writableNeedDrain,
    wake() {
      if (busy || closed) return;
      busy = true;
      void addressOf(options).then((address) => {
        if (address === undefined || closed) return again();
        socket = connect({ host: address, port: options.target.port });
        socket.unref();
        socket.setTimeout(10_000, () => connected || socket?.destroy());
        socket.on('connect', () => {
          connected = true;
          attempt = 0;
          transport.onReady();
        });
        socket.on('drain', () => transport.onReady());
        socket.on('error', () => undefined);
        socket.resume();
        socket.on('close', () => {
          connected = false;
          again();
        });
      });
    },
    send(line) {
      counters.sent++;
      socket?.write(`${Buffer.byteLength(line)} ${line}`);
    },
    async close(graceMs) {
      closed = true;
      const current = socket;
      if (current === undefined || !connected) return void current?.destroy();
      current.ref();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs);
        current.end(() => {
          clearTimeout(timer);
          resolve();
        });
      });
      current.destroy();
    },
  };
  const again = (): void => {
    if (closed) return;
    const wait = Math.min(RECONNECT_CAP_MS, 1000 * 2 ** attempt++);
    setTimeout(() => {
      busy = false;
      transport.wake();
    }, wait).unref();
  };
  return transport;
}
