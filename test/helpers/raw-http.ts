/** HTTP as bytes: a request goes out exactly as it is written, and the reply comes back unread by any library. */
import { connect } from 'node:net';

export interface RawReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Chunked transfer is undone. */
  readonly body: string;
}

/** Sends a request's head (lines, without the blank one) and body to a base URL; the connection is closed afterwards. */
export async function rawRequest(base: string, head: readonly string[], body: string | Buffer = ''): Promise<RawReply> {
  const { hostname, port } = new URL(base);
  const bytes = Buffer.from(body);
  const lines = [...head, 'Connection: close'];
  if (!lines.some((line) => /^host:/i.test(line))) lines.push(`Host: ${hostname}:${port}`);
  const bodiless = bytes.length === 0 && !lines[0]?.startsWith('POST');
  if (!bodiless && !lines.some((line) => /^content-length:/i.test(line))) lines.push(`Content-Length: ${bytes.length}`);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.setTimeout(10_000, () => socket.destroy(new Error('no answer within 10 s')));
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  socket.write(bytes);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return parse(Buffer.concat(chunks));
}

function parse(bytes: Buffer): RawReply {
  const end = bytes.indexOf('\r\n\r\n');
  const [first = '', ...fields] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    fields.map((field) => [
      field.slice(0, field.indexOf(':')).toLowerCase(),
      field.slice(field.indexOf(':') + 1).trim(),
    ]),
  );
  const rest = bytes.subarray(end + 4);
  const body = headers['transfer-encoding'] === 'chunked' ? dechunk(rest) : rest;
  return { status: Number(first.split(' ')[1]), headers, body: body.toString() };
}

function dechunk(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const line = bytes.indexOf('\r\n', at);
    const size = parseInt(bytes.subarray(at, line).toString(), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}
