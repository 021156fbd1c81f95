/**
 * Syslog after RFC 5424, over UDP (RFC 5426) or TCP with octet counting (RFC 6587). It never blocks and never throws: a
 * collector that is away, slow or silent costs lines. The queue is bounded; what was dropped is counted and reported.
 */
import type { LogLevel } from './log.ts';
import { formatSyslog, MESSAGE_LIMIT } from './syslog-message.ts';
import { tcpTransport } from './syslog-tcp.ts';
import type { TransportOptions } from './syslog-transport.ts';
import { udpTransport } from './syslog-udp.ts';

interface SyslogOptions extends TransportOptions {
  /** This machine's name; asked for each line, because it is set while we run. */
  readonly hostname: () => string;
  readonly wall?: () => Date;
  /** Bytes that may wait; 256 KiB by default. */
  readonly queueBytes?: number;
}

export interface Syslog {
  readonly dropped: number;
  readonly sent: number;
  write(level: LogLevel, message: string): void;
  /** Waits at most `graceMs` (500) for what is queued, then lets go. May be called twice. */
  close(graceMs?: number): Promise<void>;
}

/** Opens a sender. Nothing is connected until the first line. Never throws. */
export function openSyslog(options: SyslogOptions): Syslog {
  const { protocol } = options.target;
  const wall = options.wall ?? ((): Date => new Date());
  const queueBytes = options.queueBytes ?? 256 * 1024;
  const counters = { dropped: 0, sent: 0 };
  const transport = protocol === 'udp' ? udpTransport(options, counters) : tcpTransport(options, counters);
  let queue: string[] = [];
  let queued = 0;
  let unreported = 0;

  const format = (level: LogLevel, message: string): string =>
    formatSyslog(level, message, { wall: wall(), hostname: options.hostname(), limit: MESSAGE_LIMIT[protocol] });
  const pump = (): void => {
    while (queue.length > 0 && transport.ready()) {
      if (unreported > 0) {
        transport.send(format('warn', `${unreported} log lines were dropped on the way to this collector`));
        unreported = 0;
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
        counters.dropped++;
        unreported++;
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
