/**
 * A DHCP server (RFC 2131) as a process, whose every lease is another mixture of lies: `dhcp-server.ts SEED`. The same seed gives the
 * same leases. It prints `ready`, then for each lease which kinds of lies are in it.
 */
import { createSocket } from 'node:dgram';
import { generator, pick } from '../helpers/seeded.ts';

const random = generator(Number(process.argv[2] ?? 1));
const [DISCOVER, OFFER, REQUEST, ACK] = [1, 2, 3, 5];
const SERVER = [10, 77, 1, 1];

/** Options that are asked for or come unasked, and how long a right value is. */
const OPTIONS = [1, 3, 6, 12, 15, 17, 26, 28, 33, 40, 42, 43, 56, 60, 66, 67, 119, 121, 150, 224, 225, 226, 249];

const TEXTS = [
  ...['$(touch /tmp/x)', '`id`', '; reboot', '| sh', '&& id', "'", '"', '\\', '\n', '\r\n', '\t', '*', '?', '[a-z]*'],
  ...['../../etc/passwd', '/', '..', '-', '--', '-rf', '~root', '$HOME', '${IFS}', '%s%n', '<b>', '\u001b[2J', ''],
  ...['a'.repeat(255), '.'.repeat(100), 'a.'.repeat(120), '-a.example', '_x', 'razor.example', '10.77.1.9', '0.0.0.0'],
  ...['255.255.255.255', '127.0.0.1', '224.0.0.1', '999.1.1.1', '1.2.3', '::1', 'fe80::1%eth0', '8026', '99999', '-1'],
  ...['/hanlon/api/v1', '/a b', '//', 'bad', 'xn--nxasmq6b', 'é.example', '\0', 'x\0y'],
];

interface Lease {
  readonly kinds: string;
  readonly options: readonly (readonly [number, Buffer])[];
  readonly yiaddr: readonly number[];
  readonly siaddr: readonly number[];
  readonly sname: Buffer;
  readonly file: Buffer;
}

const someBytes = (): Buffer =>
  Buffer.from(Array.from({ length: Math.floor(random() * 64) }, () => Math.floor(random() * 256)));
const someText = (): Buffer => Buffer.from(pick(random, TEXTS), 'latin1');
const address = (): number[] =>
  pick(random, [
    ...[
      [10, 77, 1, 100],
      [10, 77, 1, 101],
      [10, 77, 1, 1],
      [0, 0, 0, 0],
      [255, 255, 255, 255],
      [127, 0, 0, 1],
    ],
    ...[
      [224, 0, 0, 1],
      [169, 254, 1, 1],
      [10, 77, 1, 255],
      [10, 77, 1, 0],
    ],
  ]);

/** A domain name on the wire (RFC 1035, 4.1.4), some of which point to themselves or outside. */
function names(): Buffer {
  const label = (text: string): Buffer =>
    Buffer.concat([Buffer.from([text.length & 63]), Buffer.from(text.slice(0, 63), 'latin1')]);
  const parts = [
    label('razor'),
    label('example'),
    Buffer.from([0]),
    label(pick(random, TEXTS)),
    Buffer.from([0xc0, 0]),
  ];
  if (random() < 0.3) parts.push(Buffer.from([0xc0, Math.floor(random() * 256)]), Buffer.from([63]));
  return Buffer.concat(parts);
}

/** Classless routes (RFC 3442), some with lengths that cannot be. */
function routes(): Buffer {
  const one = (): Buffer => {
    const width = Math.floor(random() * 40);
    const bytes = Math.ceil(Math.min(width, 32) / 8);
    return Buffer.from([width, ...Array.from({ length: bytes }, () => Math.floor(random() * 256)), ...address()]);
  };
  return Buffer.concat(Array.from({ length: 1 + Math.floor(random() * 8) }, one));
}

function value(option: number): Buffer {
  if (random() < 0.15) return someBytes();
  if (random() < 0.05) return Buffer.alloc(0);
  if (option === 119) return names();
  if (option === 121 || option === 249) return routes();
  if ([12, 15, 17, 40, 43, 56, 60, 66, 67, 224, 225, 226].includes(option)) return someText();
  if (option === 26) return Buffer.from(pick(random, [[0, 0], [0, 1], [2, 64], [5, 220], [35, 40], [255, 255], [5]]));
  if (option === 1)
    return Buffer.from(
      pick(random, [
        [255, 255, 255, 0],
        [255, 0, 255, 0],
        [0, 0, 0, 0],
        [255, 255, 255, 255],
      ]),
    );
  return Buffer.from(Array.from({ length: 1 + Math.floor(random() * 6) }, address).flat());
}

function makeLease(): Lease {
  const chosen = OPTIONS.filter(() => random() < 0.4);
  const options = chosen.map((option) => [option, value(option)] as const);
  return {
    kinds: chosen.join(','),
    options,
    yiaddr: random() < 0.8 ? [10, 77, 1, 100] : address(),
    siaddr: random() < 0.5 ? SERVER : address(),
    sname: random() < 0.3 ? someText() : Buffer.alloc(0),
    file: random() < 0.3 ? someText() : Buffer.alloc(0),
  };
}

function packet(asked: Buffer, type: number, lease: Lease): Buffer {
  const head = Buffer.alloc(240);
  asked.copy(head, 0, 0, 44);
  head[0] = 2;
  Buffer.from(lease.yiaddr).copy(head, 16);
  Buffer.from(lease.siaddr).copy(head, 20);
  lease.sname.copy(head, 44, 0, 63);
  lease.file.copy(head, 108, 0, 127);
  head.writeUInt32BE(0x63825363, 236);
  const option = (code: number, bytes: Buffer): Buffer =>
    Buffer.concat([Buffer.from([code, Math.min(255, bytes.length)]), bytes.subarray(0, 255)]);
  const own = [
    option(53, Buffer.from([type])),
    option(54, Buffer.from(SERVER)),
    option(51, Buffer.from([0, 0, 14, 16])),
  ];
  const all = [...own, ...lease.options.map(([code, bytes]) => option(code, bytes))];
  let body = Buffer.alloc(0);
  for (const one of all) if (body.length + one.length < 1000) body = Buffer.concat([body, one]);
  return Buffer.concat([head, body, Buffer.from([255])]);
}

let lease = makeLease();
const socket = createSocket({ type: 'udp4', reuseAddr: true });
socket.on('message', (asked) => {
  if (asked.length < 241 || asked[0] !== 1) return;
  const at = asked.indexOf(Buffer.from([53, 1]), 240);
  const type = at < 0 ? 0 : asked[at + 2];
  if (type === DISCOVER) {
    lease = makeLease();
    process.stdout.write(`options ${lease.kinds}\n`);
    socket.send(packet(asked, OFFER, lease), 68, '10.77.1.255');
  }
  if (type === REQUEST) socket.send(packet(asked, ACK, lease), 68, '10.77.1.255');
});
socket.bind(67, '0.0.0.0', () => {
  socket.setBroadcast(true);
  process.stdout.write('ready\n');
});
