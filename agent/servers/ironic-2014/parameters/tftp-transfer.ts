/**
 * One TFTP read as a state and what packets do to it, without sockets and without time (RFC 1350, 2347, 2348, 2349). Kept rules:
 * the server's port is locked by its first packet and others get ERROR 5; options are asked for, may be dropped or lowered,
 * never raised; the transfer ends with a block shorter than the block size; block 65535 is followed by 0; old blocks are
 * dropped and never answered a second time (the caller's timer repeats the last packet), so that no duplicate multiplies; the
 * size is capped and compared with tsize.
 */
import { RazorMkError } from '../../../../platform/errors/errors.ts';

export interface TftpPeer {
  readonly address: string;
  readonly port: number;
}

export type TftpAction =
  /** To the locked peer, or to `to`. `awaited`: it is repeated until something new comes. */
  | { readonly act: 'send'; readonly packet: Buffer; readonly to?: TftpPeer; readonly awaited: boolean }
  | { readonly act: 'done'; readonly content: Buffer }
  | { readonly act: 'fail'; readonly error: Error };

interface TransferRequest {
  /** `HOST:PORT FILE`, for messages. */
  readonly what: string;
  readonly file: string;
  /** Bytes; a larger file is refused. */
  readonly limit: number;
  readonly blockSize: number;
  /** Seconds, as the option `timeout`. */
  readonly timeoutSeconds: number;
  readonly withOptions: boolean;
}

export interface Transfer {
  readonly request: TransferRequest;
  readonly blocks: Buffer[];
  received: number;
  blockSize: number;
  /** Number of the next block, 0 to 65535. */
  expected: number;
  peer: TftpPeer | undefined;
  announced: number | undefined;
  /** What is sent again when nothing comes, and after the end where the last block comes again. */
  last: Buffer;
  over: boolean;
}

/** The server refused the options: the caller may ask without them. */
export class OptionsRefused extends Error {}

const RRQ = 1;
const DATA = 3;
const ACK = 4;
const ERROR = 5;
const OACK = 6;
const UNKNOWN_TRANSFER = 5;
const BAD_OPTIONS = 8;
const DISK_FULL = 3;
const DEFAULT_BLOCK = 512;

/** A transfer whose `last` is the request, to be sent to the server's well-known port. */
export function beginTransfer(request: TransferRequest): Transfer {
  const { file, withOptions, blockSize, timeoutSeconds } = request;
  const last = readRequest(file, withOptions ? { blksize: blockSize, tsize: 0, timeout: timeoutSeconds } : {});
  const state = { received: 0, blockSize: DEFAULT_BLOCK, expected: 1, peer: undefined, announced: undefined };
  return { request, blocks: [], ...state, last, over: false };
}

/** What a packet means. Changes the transfer; the actions are to be carried out in their order. Never throws. */
export function onPacket(transfer: Transfer, packet: Buffer, from: TftpPeer): readonly TftpAction[] {
  if (packet.length < 4) return [];
  const { peer } = transfer;
  const known = peer !== undefined && peer.address === from.address && peer.port === from.port;
  const opcode = packet.readUInt16BE(0);
  if (transfer.over) return known && opcode === DATA ? [send(transfer.last)] : [];
  if (peer !== undefined && !known) {
    // another address is not answered; another port of the server may be a second answer to a request sent twice
    const stray = peer.address === from.address;
    return stray ? [{ ...send(errorPacket(UNKNOWN_TRANSFER, 'unknown transfer')), to: from }] : [];
  }
  transfer.peer = { address: from.address, port: from.port };
  if (opcode === OACK) return onOptions(transfer, packet);
  if (opcode === DATA) return onData(transfer, packet);
  return opcode === ERROR ? onError(transfer, packet) : [];
}

function onOptions(transfer: Transfer, packet: Buffer): readonly TftpAction[] {
  const { request } = transfer;
  if (!request.withOptions || transfer.expected !== 1 || transfer.received > 0) return [];
  const answered = parseOptions(packet.subarray(2));
  const block = answered.get('blksize');
  if (block !== undefined) {
    const size = Number(block);
    if (!Number.isInteger(size) || size < 8 || size > request.blockSize) {
      return [send(errorPacket(BAD_OPTIONS, 'blksize')), failed(transfer, `the server raised blksize to ${block}`)];
    }
    transfer.blockSize = size;
  }
  const size = answered.get('tsize');
  if (size !== undefined && /^\d{1,15}$/.test(size)) transfer.announced = Number(size);
  if (transfer.announced !== undefined && transfer.announced > request.limit) return tooLarge(transfer);
  return [awaited(transfer, ack(0))];
}

function onData(transfer: Transfer, packet: Buffer): readonly TftpAction[] {
  const { expected, announced, request } = transfer;
  if (packet.readUInt16BE(2) !== expected) return []; // old or early: the timer repeats our last packet
  const data = packet.subarray(4);
  if (data.length > transfer.blockSize) return [failed(transfer, 'a block is longer than the block size')];
  transfer.received += data.length;
  if (transfer.received > request.limit) return tooLarge(transfer);
  transfer.blocks.push(Buffer.from(data));
  transfer.expected = (expected + 1) & 0xffff;
  if (data.length === transfer.blockSize) return [awaited(transfer, ack(expected))];
  if (announced !== undefined && announced !== transfer.received) {
    return [failed(transfer, `${transfer.received} bytes came, ${announced} were announced`)];
  }
  transfer.last = ack(expected);
  transfer.over = true;
  return [send(transfer.last), { act: 'done', content: Buffer.concat(transfer.blocks) }];
}

function onError(transfer: Transfer, packet: Buffer): readonly TftpAction[] {
  const code = packet.readUInt16BE(2);
  const text = printable(packet.subarray(4));
  if (code === BAD_OPTIONS && transfer.request.withOptions) {
    transfer.over = true;
    return [{ act: 'fail', error: new OptionsRefused(text) }];
  }
  const remedy = 'Check that the file is in the TFTP root of the boot server.';
  return [failed(transfer, `the server refused (${code}${text && `, ${text}`})`, remedy)];
}

function tooLarge(transfer: Transfer): readonly TftpAction[] {
  return [send(errorPacket(DISK_FULL, 'too large')), failed(transfer, `larger than ${transfer.request.limit} bytes`)];
}

/** The end of the transfer with RAZOR_MK_TFTP. */
export function failed(transfer: Transfer, why: string, remedy?: string): TftpAction {
  transfer.over = true;
  const details = remedy === undefined ? {} : { remedy };
  return { act: 'fail', error: new RazorMkError('RAZOR_MK_TFTP', `TFTP ${transfer.request.what}: ${why}`, details) };
}

function send(packet: Buffer): TftpAction & { readonly act: 'send' } {
  return { act: 'send', packet, awaited: false };
}

function awaited(transfer: Transfer, packet: Buffer): TftpAction {
  transfer.last = packet;
  return { act: 'send', packet, awaited: true };
}

function readRequest(file: string, options: Readonly<Record<string, number>>): Buffer {
  const words = [file, 'octet', ...Object.entries(options).flatMap(([name, value]) => [name, String(value)])];
  return Buffer.concat([Buffer.from([0, RRQ]), Buffer.from(`${words.join('\0')}\0`)]);
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
