/** The process of vlan-switch.ts: frames between an uplink and ports, each frame one UDP datagram; a line when counts change. */
import { createSocket, type Socket } from 'node:dgram';

interface Port {
  readonly vlan: number;
  /** UDP port where the relay listens, and where the machine does. */
  readonly own: number;
  readonly machine: number;
}

interface Wiring {
  readonly ports: readonly Port[];
  readonly uplink: { readonly switch: number; readonly segment: number };
}

/** EtherTypes. */
const [TAG, IPV4, ARP] = [0x8100, 0x0800, 0x0806] as const;
/** Behind the two MAC addresses. */
const AT = 12;

/** The frame with an IEEE 802.1Q tag of this VLAN, priority 0. */
function withTag(frame: Buffer, vlan: number): Buffer {
  const tag = Buffer.alloc(4);
  tag.writeUInt16BE(TAG, 0);
  tag.writeUInt16BE(vlan, 2);
  return Buffer.concat([frame.subarray(0, AT), tag, frame.subarray(AT)]);
}

/** The VLAN of a frame, or undefined for an untagged one. */
function vlanOf(frame: Buffer): number | undefined {
  return frame.readUInt16BE(AT) === TAG ? frame.readUInt16BE(AT + 2) & 0xfff : undefined;
}

async function listen(port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  // QEMU may not listen yet, or not any more: a frame is lost, as on a wire
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
  return socket;
}

const wiring = JSON.parse(process.argv[2] ?? '') as Wiring;
const counts = wiring.ports.map(() => ({ tagged: 0, given: 0, untagged: 0, untagged4: 0, foreign: 0 }));
const sockets = await Promise.all(wiring.ports.map(({ own }) => listen(own)));
const uplink = await listen(wiring.uplink.switch);

uplink.on('message', (frame) => {
  if (frame.length < AT + 2) return;
  for (const [index, { machine, vlan }] of wiring.ports.entries()) {
    (counts[index] as { given: number }).given++;
    sockets[index]?.send(withTag(frame, vlan), machine, '127.0.0.1');
  }
});
for (const [index, { vlan, machine }] of wiring.ports.entries()) {
  const count = counts[index] as (typeof counts)[number];
  sockets[index]?.on('message', (frame, from) => {
    if (frame.length < AT + 4 || from.port !== machine) return;
    const found = vlanOf(frame);
    if (found === vlan) {
      count.tagged++;
      uplink.send(Buffer.concat([frame.subarray(0, AT), frame.subarray(AT + 4)]), wiring.uplink.segment, '127.0.0.1');
    } else if (found === undefined) {
      count.untagged++;
      const type = frame.readUInt16BE(AT);
      if (type === IPV4 || type === ARP) count.untagged4++;
    } else count.foreign++;
  });
}

const said = counts.map(() => '');
setInterval(() => {
  for (const [port, count] of counts.entries()) {
    const line = JSON.stringify({ port, ...count });
    if (line !== said[port]) process.stdout.write(`${line}\n`);
    said[port] = line;
  }
}, 200);
process.stderr.write('ready\n');
