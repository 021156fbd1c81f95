/** Syslog over UDP (RFC 5426): one datagram a message. */
import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { collectorAddress, type SyslogCounters, type Transport, type TransportOptions } from './syslog-transport.ts';

/** How many datagrams may be on their way to the kernel. */
const MAX_PENDING = 64;
/** A name that was not found is asked for again with the first line after this time. */
const RESOLVE_AGAIN_MS = 10_000;

/** A transport over UDP. No socket is opened before the first `wake`. */
export function udpTransport(options: TransportOptions, counters: SyslogCounters): Transport {
  let socket: Socket | undefined;
  let address: string | undefined;
  let resolving = false;
  let pending = 0;
  const transport: Transport = {
    onReady: () => undefined,
    ready: () => socket !== undefined && pending < MAX_PENDING,
    wake() {
      if (socket !== undefined || resolving) return;
      resolving = true;
      void collectorAddress(options).then((found) => {
        if (found !== undefined) open(found);
        setTimeout(() => (resolving = false), RESOLVE_AGAIN_MS).unref();
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

  function open(found: string): void {
    address = found;
    socket = createSocket(isIP(found) === 6 ? 'udp6' : 'udp4');
    socket.on('error', () => undefined);
    socket.unref();
    transport.onReady();
  }
  return transport;
}
