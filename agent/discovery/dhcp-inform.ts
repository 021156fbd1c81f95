/**
 * What every DHCP server of the link says of the next server. A client takes the first offer and never learns of the others;
 * DHCPINFORM is answered by each (RFC 2131, 3.4), and changes nothing.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

export interface DhcpWord {
  /** The server's own address, option 54, or where its answer came from. */
  readonly from: string;
  /** siaddr, else option 66. */
  readonly nextServer: string;
}

interface Card {
  readonly address: string;
  readonly netmask: string;
  readonly mac: string;
}

const [CLIENT_PORT, SERVER_PORT] = [68, 67] as const;
const COOKIE = 0x63825363;
const [INFORM, ACK] = [8, 5] as const;
const ANSWER_MS = 1500;
const MOST = 8;
/** Not the addresses of nobody, of this machine and of groups. */
const NO_SERVER = /^(0|127|2[2-5]\d)\./;

/** Asks on every card with an IPv4 address. Never throws: where the client's port is taken, or forbidden, nobody answers. */
export async function askDhcpServers(signal?: AbortSignal): Promise<readonly DhcpWord[]> {
  const cards = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal, address }) => family === 'IPv4' && !internal && !address.startsWith('169.254.'));
  const words = await Promise.all(cards.slice(0, MOST).map((card) => ask(card, signal).catch(() => [])));
  return words.flat().slice(0, MOST);
}

async function ask(card: Card, signal: AbortSignal | undefined): Promise<readonly DhcpWord[]> {
  const transaction = randomBytes(4);
  const found = new Map<string, DhcpWord>();
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  try {
    socket.on('message', (packet, { address }) => {
      const word = readInformed(packet, transaction, address);
      if (word !== undefined) found.set(word.from, word);
    });
    socket.bind(CLIENT_PORT, card.address);
    await once(socket, 'listening');
    socket.setBroadcast(true);
    socket.send(informOf(card, transaction), SERVER_PORT, broadcastOf(card));
    await sleep(ANSWER_MS, undefined, { signal });
    return [...found.values()];
  } finally {
    socket.close();
  }
}

/** The question: who asks, and that the next server, option 66, is wanted. Pure. */
export function informOf({ address, mac }: Pick<Card, 'address' | 'mac'>, transaction: Buffer): Buffer {
  const packet = Buffer.alloc(240);
  packet.set([1, 1, 6, 0]);
  transaction.copy(packet, 4);
  packet.set(address.split('.').map(Number), 12);
  Buffer.from(mac.replaceAll(':', ''), 'hex').copy(packet, 28);
  packet.writeUInt32BE(COOKIE, 236);
  return Buffer.concat([packet, Buffer.from([53, 1, INFORM, 55, 2, 54, 66, 255])]);
}

/** The answer to that question, or undefined for anything else, and where it names no server. Pure. */
export function readInformed(packet: Buffer, transaction: Buffer, from: string): DhcpWord | undefined {
  const ours = packet.length >= 240 && packet[0] === 2 && packet.subarray(4, 8).equals(transaction);
  if (!ours || packet.readUInt32BE(236) !== COOKIE) return undefined;
  const options = new Map<number, Buffer>();
  for (let at = 240; at + 1 < packet.length && packet[at] !== 255;) {
    const code = packet[at] ?? 0;
    const end = code === 0 ? at + 1 : at + 2 + (packet[at + 1] ?? 0);
    if (code !== 0 && end <= packet.length && !options.has(code)) options.set(code, packet.subarray(at + 2, end));
    at = end;
  }
  if (options.get(53)?.[0] !== ACK) return undefined;
  const siaddr = packet.subarray(20, 24).join('.');
  const written = options.get(66)?.toString('latin1').replace(/\0+$/, '') ?? '';
  const nextServer = NO_SERVER.test(siaddr) ? written : siaddr;
  if (!/^[A-Za-z0-9][A-Za-z0-9.-]{0,253}$/.test(nextServer) || NO_SERVER.test(nextServer)) return undefined;
  const id = options.get(54);
  return { from: id?.length === 4 ? id.join('.') : from, nextServer };
}

/** The last address of the card's network. */
function broadcastOf({ address, netmask }: Card): string {
  const mask = netmask.split('.').map(Number);
  const bytes = address.split('.').map((part, at) => Number(part) | (~(mask[at] ?? 255) & 255));
  return mask.every((part) => part === 255) ? '255.255.255.255' : bytes.join('.');
}
