/**
 * A small DHCP server for leases that dnsmasq does not give: `node dhcp-server.ts SETTINGS`, JSON. It needs a route for
 * 255.255.255.255. RFC 2131, RFC 2132.
 */
import { createSocket } from 'node:dgram';

export interface DhcpServerSettings {
  /** Its own address, option 54. */
  readonly server: string;
  /** Addresses that are offered; the next one after a DECLINE. */
  readonly addresses: readonly string[];
  readonly siaddr?: string;
  /** Code of an option to its value in hexadecimal. */
  readonly options: Readonly<Record<number, string>>;
  /** Options in the fields `sname` and `file` (option 52). */
  readonly overload?: {
    readonly sname?: Readonly<Record<number, string>>;
    readonly file?: Readonly<Record<number, string>>;
  };
  /** Milliseconds before an OFFER. */
  readonly delayMs?: number;
  /** The only MAC that is answered. */
  readonly only?: string;
}

const settings = JSON.parse(process.argv[2] ?? '{}') as DhcpServerSettings;
const [DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK] = [1, 2, 3, 4, 5, 6];
let current = 0;

function ip(text: string): Buffer {
  return Buffer.from(text.split('.').map(Number));
}

function encode(options: Readonly<Record<number, string>>): Buffer {
  const parts = Object.entries(options).map(([code, hex]) => {
    const value = Buffer.from(hex, 'hex');
    return Buffer.concat([Buffer.from([Number(code), value.length]), value]);
  });
  return Buffer.concat([...parts, Buffer.from([255])]);
}

function optionsOf(packet: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 240; at < packet.length && packet[at] !== 255;) {
    const code = packet[at] ?? 0;
    if (code === 0) at++;
    else {
      const length = packet[at + 1] ?? 0;
      found.set(code, packet.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
  }
  return found;
}

function reply(request: Buffer, type: number): Buffer {
  const packet = Buffer.alloc(240);
  request.copy(packet, 0, 0, 240);
  packet[0] = 2;
  packet.fill(0, 12, 28);
  packet.fill(0, 44, 236);
  if (type !== NAK) ip(settings.addresses[current] ?? '0.0.0.0').copy(packet, 16);
  if (settings.siaddr !== undefined) ip(settings.siaddr).copy(packet, 20);
  const { sname, file } = settings.overload ?? {};
  if (sname !== undefined) encode(sname).copy(packet, 44, 0, 64);
  if (file !== undefined) encode(file).copy(packet, 108, 0, 128);
  const overload = (file === undefined ? 0 : 1) + (sname === undefined ? 0 : 2);
  const own = {
    53: Buffer.from([type]).toString('hex'),
    54: ip(settings.server).toString('hex'),
    51: '00000e10',
    ...(overload === 0 ? {} : { 52: Buffer.from([overload]).toString('hex') }),
  };
  return Buffer.concat([packet, encode(Object.assign(own, type === NAK ? {} : settings.options))]);
}

const socket = createSocket({ type: 'udp4', reuseAddr: true });
const send = (packet: Buffer): void => socket.send(packet, 68, '255.255.255.255');
socket.on('message', (request) => {
  if (request.length < 240 || request[0] !== 1) return;
  const mac = request
    .subarray(28, 34)
    .toString('hex')
    .replaceAll(/(..)(?=.)/g, '$1:');
  if (settings.only !== undefined && settings.only !== mac) return;
  const options = optionsOf(request);
  const type = options.get(53)?.[0];
  const asked = options.get(54);
  console.log(`${mac} ${['', 'DISCOVER', 'OFFER', 'REQUEST', 'DECLINE', 'ACK', 'NAK', 'RELEASE'][type ?? 0]}`);
  if (type === DECLINE) current = Math.min(current + 1, settings.addresses.length - 1);
  if (type === DISCOVER) setTimeout(() => send(reply(request, OFFER)), settings.delayMs ?? 0);
  if (type === REQUEST && (asked === undefined || asked.equals(ip(settings.server)))) {
    const wanted = options.get(50) ?? request.subarray(12, 16);
    send(reply(request, wanted.equals(ip(settings.addresses[current] ?? '')) ? ACK : NAK));
  }
});
socket.bind(67, () => {
  socket.setBroadcast(true);
  console.log('ready');
});
