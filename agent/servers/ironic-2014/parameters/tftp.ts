/**
 * A small TFTP reader (RFC 1350, 2347, 2348, 2349), for the token file that old Ironic servers wrote.
 *
 * Kept rules: the server's port is locked by its first packet and others get ERROR 5; options are asked for, may be
 * dropped or lowered, never raised; the transfer ends with a block shorter than the block size; block 65535 is followed by
 * 0; old blocks are dropped and never answered a second time (the timer repeats the last packet), so that no duplicate
 * multiplies; the size is capped and compared with tsize.
 */
import { createSocket, type RemoteInfo } from 'node:dgram';
import { RazorMkError } from '../../../../platform/errors/errors.ts';

export interface TftpOptions {
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

const RRQ = 1;
const DATA = 3;
const ACK = 4;
const ERROR = 5;
const OACK = 6;
const UNKNOWN_TRANSFER = 5;
const BAD_OPTIONS = 8;
const DEFAULT_BLOCK = 512;

/** Fetches one file. Throws RAZOR_MK_TFTP: refused by the server, silent, broken off, or too large. */
export async function tftpGet(options: TftpOptions): Promise<Buffer> {
  try {
    return await transfer(options, true);
  } catch (error) {
    // some servers refuse options that they do not like instead of dropping them
    if (error instanceof OptionsRefused) return await transfer(options, false);
    throw error;
  }
}

class OptionsRefused extends Error {}

function transfer(options: TftpOptions, withOptions: boolean): Promise<Buffer> {
  const { host, port = 69, file, limit, waitMs = 1000, timeoutMs = 60_000 } = options;
  const wantedBlock = options.blockSize ?? 1428;
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  return new Promise((resolve, reject) => {
    const blocks: Buffer[] = [];
    let received = 0;
    let blockSize = DEFAULT_BLOCK;
    let expected = 1; // number of the next block, 0 to 65535
    let peer: { address: string; port: number } | undefined;
    let announced: number | undefined;
    let timer: NodeJS.Timeout | undefined;
    let wait = waitMs;
    let last = request(file, withOptions ? { blksize: wantedBlock, tsize: 0, timeout: wholeSeconds(waitMs) } : {});
    let settled = false;

    const end = (error: Error | undefined): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      clearTimeout(overall);
      options.signal?.removeEventListener('abort', abort);
      // after the last ACK the socket stays a moment, in case that ACK is lost and the block comes again
      if (error) socket.close();
      else setTimeout(() => socket.close(), waitMs).unref();
      if (error) reject(error);
      else resolve(Buffer.concat(blocks));
    };
    const fail = (why: string, remedy?: string): void => {
      end(
        new RazorMkError(
          'RAZOR_MK_TFTP',
          `TFTP ${host}:${port} ${file}: ${why}`,
          remedy === undefined ? {} : { remedy },
        ),
      );
    };
    const abort = (): void => end(options.signal?.reason as Error);
    const overall = setTimeout(() => fail(`not done within ${timeoutMs} ms`), timeoutMs);

    const send = (packet: Buffer, to = peer ?? { address: host, port }): void => {
      socket.send(packet, to.port, to.address, (error) => {
        if (error && to === peer) fail(error.message);
        else if (error && peer === undefined) fail(error.message);
      });
    };
    const sendAndWait = (packet: Buffer): void => {
      last = packet;
      wait = waitMs;
      send(packet);
      arm();
    };
    const arm = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        send(last);
        wait = Math.min(wait * 2, waitMs * 8);
        arm();
      }, wait);
    };

    const onOack = (packet: Buffer): void => {
      if (!withOptions || expected !== 1 || received > 0) return;
      const answered = parseOptions(packet.subarray(2));
      const block = answered.get('blksize');
      if (block !== undefined) {
        const size = Number(block);
        if (!Number.isInteger(size) || size < 8 || size > wantedBlock) {
          send(errorPacket(BAD_OPTIONS, 'blksize'));
          return fail(`the server raised blksize to ${block}`);
        }
        blockSize = size;
      }
      const size = answered.get('tsize');
      if (size !== undefined && /^\d{1,15}$/.test(size)) announced = Number(size);
      if (announced !== undefined && announced > limit) return tooLarge();
      sendAndWait(ack(0));
    };
    const onData = (packet: Buffer): void => {
      if (packet.readUInt16BE(2) !== expected) return; // old or early: the timer repeats our last packet
      const data = packet.subarray(4);
      if (data.length > blockSize) return fail('a block is longer than the block size');
      received += data.length;
      if (received > limit) return tooLarge();
      blocks.push(Buffer.from(data));
      const done = data.length < blockSize;
      const answer = ack(expected);
      expected = (expected + 1) & 0xffff;
      if (!done) return sendAndWait(answer);
      if (announced !== undefined && announced !== received) {
        return fail(`${received} bytes came, ${announced} were announced`);
      }
      clearTimeout(timer);
      last = answer;
      send(answer);
      end(undefined);
    };
    const tooLarge = (): void => {
      send(errorPacket(3, 'too large'));
      fail(`larger than ${limit} bytes`);
    };
    const onError = (packet: Buffer): void => {
      const code = packet.readUInt16BE(2);
      const text = printable(packet.subarray(4));
      if (code === BAD_OPTIONS && withOptions) return end(new OptionsRefused(text));
      fail(
        `the server refused (${code}${text && `, ${text}`})`,
        'Check that the file is in the TFTP root of the boot server.',
      );
    };

    socket.on('error', (error) => fail(error.message));
    socket.on('message', (packet: Buffer, from: RemoteInfo) => {
      if (packet.length < 4) return;
      if (settled) {
        if (isPeer(peer, from) && packet.readUInt16BE(0) === DATA) send(last);
        return;
      }
      if (from.address !== (peer?.address ?? from.address)) return;
      if (peer === undefined) peer = { address: from.address, port: from.port };
      else if (!isPeer(peer, from)) {
        send(errorPacket(UNKNOWN_TRANSFER, 'unknown transfer'), { address: from.address, port: from.port });
        return;
      }
      const opcode = packet.readUInt16BE(0);
      if (opcode === OACK) onOack(packet);
      else if (opcode === DATA) onData(packet);
      else if (opcode === ERROR) onError(packet);
    });
    options.signal?.addEventListener('abort', abort, { once: true });
    if (options.signal?.aborted === true) return abort();
    sendAndWait(last);
  });
}

function isPeer(peer: { address: string; port: number } | undefined, from: RemoteInfo): boolean {
  return peer !== undefined && peer.address === from.address && peer.port === from.port;
}

function request(file: string, options: Readonly<Record<string, number>>): Buffer {
  const words = [file, 'octet', ...Object.entries(options).flatMap(([name, value]) => [name, String(value)])];
  return Buffer.concat([Buffer.from([0, RRQ]), Buffer.from(`${words.join('\0')}\0`)]);
}

/** RFC 2349: 1 to 255. */
function wholeSeconds(ms: number): number {
  return Math.min(255, Math.max(1, Math.round(ms / 1000)));
}

function ack(block: number): Buffer {
  return Buffer.from([0, ACK, block >> 8, block & 0xff]);
}

function errorPacket(code: number, text: string): Buffer {
  return Buffer.concat([Buffer.from([0, ERROR, 0, code]), Buffer.from(`${text}\0`)]);
}

function parseOptions(bytes: Buffer): Map<string, string> {
  const words = bytes.toString('latin1').split('\0');
  const options = new Map<string, string>();
  for (let i = 0; i + 1 < words.length; i += 2) options.set((words[i] ?? '').toLowerCase(), words[i + 1] ?? '');
  return options;
}

function printable(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replaceAll(/[^ -~]/g, '')
    .slice(0, 100);
}
