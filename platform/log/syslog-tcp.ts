/** Syslog over TCP with octet counting (RFC 6587, section 3.4.1). A collector that went away is connected to again. */
import { connect, type Socket } from 'node:net';
import { collectorAddress, type SyslogCounters, type Transport, type TransportOptions } from './syslog-transport.ts';

/** The first wait before another attempt; it doubles up to the cap. */
const RECONNECT_MS = 1000;
const RECONNECT_CAP_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** A transport over TCP. Nothing is connected before the first `wake`. */
export function tcpTransport(options: TransportOptions, counters: SyslogCounters): Transport {
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
      void collectorAddress(options).then((address) => {
        if (address === undefined || closed) connectLater();
        else socket = open(address);
      });
    },
    send(line) {
      counters.sent++;
      socket?.write(`${Buffer.byteLength(line)} ${line}`);
    },
    async close(graceMs) {
      closed = true;
      if (socket === undefined) return;
      if (connected) await flush(socket, graceMs);
      socket.destroy();
    },
  };

  function open(address: string): Socket {
    const opened = connect({ host: address, port: options.target.port });
    opened.unref();
    opened.setTimeout(CONNECT_TIMEOUT_MS, () => connected || opened.destroy());
    opened.on('connect', () => {
      connected = true;
      attempt = 0;
      transport.onReady();
    });
    opened.on('drain', () => transport.onReady());
    opened.on('error', () => undefined);
    opened.resume();
    opened.on('close', () => {
      connected = false;
      connectLater();
    });
    return opened;
  }

  function connectLater(): void {
    if (closed) return;
    const wait = Math.min(RECONNECT_CAP_MS, RECONNECT_MS * 2 ** attempt++);
    setTimeout(() => {
      busy = false;
      transport.wake();
    }, wait).unref();
  }
  return transport;
}

/** Ends the connection after what was written, or after `graceMs`. */
async function flush(socket: Socket, graceMs: number): Promise<void> {
  socket.ref();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, graceMs);
    socket.end(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
