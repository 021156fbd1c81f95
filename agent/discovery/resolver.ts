/** One DNS question to one resolver: UDP, and TCP when the answer was cut (RFC 1035, RFC 7766). */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIP } from 'node:net';
import { decode, encode, type Packet, type RecordType } from 'dns-packet';
import { messageOf } from '../../platform/errors/errors.ts';

export interface Resolver {
  readonly address: string;
  readonly port: number;
}

/** What dns-packet decodes; its own types leave the code of the answer out. */
export interface DecodedPacket extends Packet {
  readonly rcode: string;
  readonly flag_tc: boolean;
}

export interface Query {
  readonly name: string;
  readonly type: RecordType;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

type QueryResult = { readonly packet: DecodedPacket } | { readonly failure: string };

/** Asks. Never throws but for an abort: a timeout, garbage or a closed connection is a `failure` in words. */
export async function query(resolver: Resolver, question: Query): Promise<QueryResult> {
  const request: Packet = {
    type: 'query',
    id: randomInt(1, 65_536),
    flags: 0x0100, // recursion desired
    questions: [{ type: question.type, name: question.name, class: 'IN' }],
  };
  try {
    const bytes = encode(request);
    const udp = await overUdp(resolver, bytes, request, question);
    const packet = udp.flag_tc ? await overTcp(resolver, bytes, request, question) : udp;
    return { packet };
  } catch (error) {
    question.signal?.throwIfAborted();
    return { failure: messageOf(error) };
  }
}

/** Whether a packet answers our question: same id, same name and type. Anything else on the socket is not for us. */
function answers(packet: DecodedPacket, request: Packet): boolean {
  const asked = request.questions?.[0];
  const echoed = packet.questions?.[0];
  return (
    packet.type === 'response' &&
    packet.id === request.id &&
    echoed?.type === asked?.type &&
    echoed?.name.toLowerCase() === asked?.name.toLowerCase()
  );
}

async function overUdp(resolver: Resolver, bytes: Buffer, request: Packet, question: Query): Promise<DecodedPacket> {
  const socket = createSocket(isIP(resolver.address) === 6 ? 'udp6' : 'udp4');
  let garbage: string | undefined;
  let abort = (): void => undefined;
  try {
    return await new Promise<DecodedPacket>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(garbage ?? `no answer within ${question.timeoutMs} ms`)),
        question.timeoutMs,
      );
      abort = () => reject(question.signal?.reason as Error);
      question.signal?.addEventListener('abort', abort, { once: true });
      socket.once('error', reject);
      socket.on('message', (message) => {
        try {
          const packet = decode(message) as unknown as DecodedPacket;
          if (!answers(packet, request)) return;
          clearTimeout(timer);
          resolve(packet);
        } catch (error) {
          garbage = `the answer cannot be read: ${messageOf(error)}`; // a forged packet must not end the wait
        }
      });
      // a connected socket drops packets from others and learns of a closed port
      // without a route the callback is called with an error, and the socket stays unconnected: sending would throw
      socket.connect(resolver.port, resolver.address, (...failed: readonly unknown[]) => {
        if (failed[0] === undefined || failed[0] === null) socket.send(bytes);
        else reject(failed[0] as Error);
      });
      socket.once('close', () => clearTimeout(timer));
    });
  } finally {
    question.signal?.removeEventListener('abort', abort);
    socket.close();
  }
}

async function overTcp(resolver: Resolver, bytes: Buffer, request: Packet, question: Query): Promise<DecodedPacket> {
  const socket = connect({ host: resolver.address, port: resolver.port });
  const timer = setTimeout(
    () => socket.destroy(new Error(`no answer over TCP within ${question.timeoutMs} ms`)),
    question.timeoutMs,
  );
  const abort = (): void => void socket.destroy(question.signal?.reason as Error);
  question.signal?.addEventListener('abort', abort, { once: true });
  try {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(bytes.length);
    socket.write(Buffer.concat([length, bytes]));
    let got = Buffer.alloc(0);
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      got = Buffer.concat([got, chunk]);
      if (got.length < 2 || got.length < 2 + got.readUInt16BE(0)) continue;
      const packet = decode(got.subarray(2, 2 + got.readUInt16BE(0))) as unknown as DecodedPacket;
      if (!answers(packet, request)) throw new Error('the answer over TCP is to another question');
      return packet;
    }
    throw new Error('the resolver closed the TCP connection before its answer was whole');
  } finally {
    clearTimeout(timer);
    question.signal?.removeEventListener('abort', abort);
    socket.destroy();
  }
}
