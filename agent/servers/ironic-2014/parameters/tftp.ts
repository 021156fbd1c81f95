/**
 * A small TFTP reader, for the token file that old Ironic servers wrote (docs/contracts/ironic-2014.md#tftp): socket and
 * timers around tftp-transfer.ts.
 */
import { createSocket, type Socket } from 'node:dgram';
import {
  beginTransfer,
  failed,
  onPacket,
  OptionsRefused,
  type TftpAction,
  type TftpPeer,
  type Transfer,
} from './tftp-transfer.ts';

interface TftpOptions {
  readonly host: string;
  readonly port?: number;
  readonly file: string;
  /** Bytes; a larger file is refused. */
  readonly limit: number;
  /** Block size asked for; 1428 fits an Ethernet frame. */
  readonly blockSize?: number;
  /** First wait for an answer in milliseconds; doubles up to eight times that. */
  readonly waitMs?: number;
  /** Milliseconds for the whole transfer. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Fetches one file. Throws RAZOR_MK_TFTP: refused by the server, silent, broken off, or too large. */
export async function tftpGet(options: TftpOptions): Promise<Buffer> {
  try {
    return await fetchOnce(options, true);
  } catch (error) {
    // some servers refuse options that they do not like instead of dropping them
    if (error instanceof OptionsRefused) return await fetchOnce(options, false);
    throw error;
  }
}

/** A transfer on its way. */
interface Exchange {
  readonly socket: Socket;
  readonly transfer: Transfer;
  /** The server's well-known port, until it answers from another. */
  readonly server: TftpPeer;
  readonly waitMs: number;
  /** The wait for an answer to the last packet. */
  timer: NodeJS.Timeout | undefined;
  readonly settle: { resolve(content: Buffer): void; reject(error: unknown): void };
}

async function fetchOnce(options: TftpOptions, withOptions: boolean): Promise<Buffer> {
  const { host, port = 69, file, limit, waitMs = 1000, timeoutMs = 60_000, signal } = options;
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const timeoutSeconds = Math.min(255, Math.max(1, Math.round(waitMs / 1000))); // RFC 2349
  const request = { what: `${host}:${port} ${file}`, file, limit, blockSize: options.blockSize ?? 1428 };
  const exchange: Exchange = {
    socket: createSocket(host.includes(':') ? 'udp6' : 'udp4'),
    transfer: beginTransfer({ ...request, timeoutSeconds, withOptions }),
    server: { address: host, port },
    waitMs,
    timer: undefined,
    settle: { resolve, reject },
  };
  const { socket, transfer } = exchange;
  socket.on('error', (error) => carryOut(exchange, [failed(transfer, error.message)]));
  socket.on('message', (packet: Buffer, from) => carryOut(exchange, onPacket(transfer, packet, from)));
  const late = `not done within ${timeoutMs} ms`;
  const overall = setTimeout(() => carryOut(exchange, [failed(transfer, late)]), timeoutMs);
  const abort = (): void => reject(signal?.reason as Error);
  signal?.addEventListener('abort', abort, { once: true });
  let closesAfterMs = 0;
  try {
    carryOut(exchange, [{ act: 'send', packet: transfer.last, awaited: true }]);
    const content = await promise;
    // the last ACK may be lost, and the block come again
    closesAfterMs = waitMs;
    return content;
  } finally {
    clearTimeout(overall);
    clearTimeout(exchange.timer);
    signal?.removeEventListener('abort', abort);
    if (closesAfterMs === 0) socket.close();
    else setTimeout(() => socket.close(), closesAfterMs).unref();
  }
}

function carryOut(exchange: Exchange, actions: readonly TftpAction[]): void {
  for (const action of actions) {
    if (action.act === 'done') exchange.settle.resolve(action.content);
    else if (action.act === 'fail') exchange.settle.reject(action.error);
    else {
      sendPacket(exchange, action.packet, action.to);
      if (action.awaited) awaitAnswer(exchange, exchange.waitMs);
    }
  }
}

function sendPacket(exchange: Exchange, packet: Buffer, other: TftpPeer | undefined): void {
  const { socket, transfer, server } = exchange;
  const to = other ?? transfer.peer ?? server;
  socket.send(packet, to.port, to.address, (error) => {
    if (error && other === undefined && !transfer.over) carryOut(exchange, [failed(transfer, error.message)]);
  });
}

/** Repeats the last packet until something new comes, each time after a longer wait. */
function awaitAnswer(exchange: Exchange, ms: number): void {
  clearTimeout(exchange.timer);
  exchange.timer = setTimeout(() => {
    sendPacket(exchange, exchange.transfer.last, undefined);
    awaitAnswer(exchange, Math.min(ms * 2, exchange.waitMs * 8));
  }, ms);
}
