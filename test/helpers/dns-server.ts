/** A real DNS server on loopback, UDP and TCP on one port, that answers as a test tells it to. */
import { createSocket } from 'node:dgram';
import { createServer, type AddressInfo } from 'node:net';
import { decode, encode, type Answer, type Question } from 'dns-packet';

export interface DnsReply {
  readonly answers?: readonly Answer[];
  /** 0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED. */
  readonly rcode?: number;
  readonly truncated?: boolean;
  /** These bytes instead, after the id of the question. */
  readonly raw?: Buffer;
  /** Wrong id first, then the proper answer. */
  readonly forged?: boolean;
}

/** Undefined: no answer at all. */
export type DnsScript = (question: Question, transport: 'udp' | 'tcp') => DnsReply | undefined;

export interface DnsServer {
  readonly port: number;
  readonly asked: string[];
  script: DnsScript;
  close(): Promise<void>;
}

export async function dnsServer(script: DnsScript, address = '127.0.0.1'): Promise<DnsServer> {
  const asked: string[] = [];
  const self = { script };
  const answer = (bytes: Buffer, transport: 'udp' | 'tcp'): Buffer[] => {
    const request = decode(bytes);
    const question = request.questions?.[0] as Question;
    asked.push(`${transport} ${question.type} ${question.name}`);
    const reply = self.script(question, transport);
    if (reply === undefined) return [];
    const id = bytes.subarray(0, 2);
    if (reply.raw !== undefined) return [Buffer.concat([id, reply.raw])];
    const packet = encode({
      type: 'response',
      id: request.id ?? 0,
      flags: 0x0180 | (reply.truncated === true ? 0x0200 : 0) | (reply.rcode ?? 0),
      questions: [question],
      answers: [...(reply.answers ?? [])],
    });
    if (reply.forged !== true) return [packet];
    const wrong = Buffer.from(packet);
    wrong.writeUInt16BE(((request.id ?? 0) + 1) & 0xffff);
    return [wrong, Buffer.from('garbage'), packet];
  };
  const tcp = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (data: Buffer) => {
      for (const packet of answer(data.subarray(2), 'tcp')) {
        const length = Buffer.alloc(2);
        length.writeUInt16BE(packet.length);
        // in pieces, as a network may deliver it
        socket.write(length);
        socket.write(packet.subarray(0, 7));
        setTimeout(() => socket.write(packet.subarray(7)), 5);
      }
    });
  });
  await new Promise<void>((resolve) => tcp.listen(0, address, resolve));
  const { port } = tcp.address() as AddressInfo;
  const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  udp.on('message', (data, peer) => {
    for (const packet of answer(data, 'udp')) udp.send(packet, peer.port, peer.address);
  });
  await new Promise<void>((resolve) => udp.bind(port, address, resolve));
  return {
    port,
    asked,
    get script() {
      return self.script;
    },
    set script(next) {
      self.script = next;
    },
    close: () =>
      new Promise((resolve) => {
        udp.close();
        tcp.close(() => resolve());
      }),
  };
}
