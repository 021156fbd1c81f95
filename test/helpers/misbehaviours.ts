/** What a server can do wrong, one entry each, written straight to the socket after a whole request has arrived. */
import type { Socket } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';

export interface Misbehaviour {
  readonly name: string;
  /** It does not answer or never ends: the agent needs its whole timeout. */
  readonly slow?: boolean;
  /** Wrong in a part that only a check-in's reply has. */
  readonly checkinOnly?: boolean;
  readonly serve: (socket: Socket, port: number) => void;
}

const OK = '{"errcode":0,"response":{"command_name":"acknowledge","command_param":{}}}';

function reply(status: string, headers: Record<string, string>, body: string | Buffer): Buffer {
  const bytes = Buffer.from(body);
  const all = { 'content-type': 'application/json', 'content-length': String(bytes.length), ...headers };
  const lines = Object.entries(all)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`), bytes]);
}

/** Sends and closes. */
const sends =
  (bytes: string | Buffer): Misbehaviour['serve'] =>
  (socket) =>
    void socket.end(bytes);

const answers = (
  body: string | Buffer,
  headers: Record<string, string> = {},
  status = '200 OK',
): Misbehaviour['serve'] => sends(reply(status, headers, body));

/** Writes pieces for ever, one every `ms`. */
function drips(first: string, piece: string | Buffer, ms: number): Misbehaviour['serve'] {
  return (socket) => {
    socket.write(first);
    const timer = setInterval(() => socket.write(piece), ms);
    socket.once('close', () => clearInterval(timer));
  };
}

/** Writes as fast as the other side reads, for ever. */
function floods(first: string, piece: Buffer): Misbehaviour['serve'] {
  return (socket) => {
    socket.write(first);
    const more = (): void => {
      while (!socket.destroyed && socket.write(piece));
      if (!socket.destroyed) socket.once('drain', more);
    };
    more();
  };
}

const chunked = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n';
const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024), { level: 1 });
const bombInBomb = gzipSync(bomb);
const nested = (depth: number): string => `{"errcode":0,"response":${'['.repeat(depth)}${']'.repeat(depth)}}`;
const command = (name: unknown): string => JSON.stringify({ errcode: 0, response: { command_name: name } });

export const MISBEHAVIOURS: readonly Misbehaviour[] = [
  // connections
  { name: 'closes at once', serve: (socket) => void socket.end() },
  { name: 'resets the connection', serve: (socket) => void socket.resetAndDestroy() },
  { name: 'never answers', slow: true, serve: () => undefined },
  {
    name: 'resets in the middle of the head',
    serve: (socket) => void socket.write('HTTP/1.1 200 OK\r\nconte', () => socket.resetAndDestroy()),
  },
  { name: 'closes in the middle of the head', serve: sends('HTTP/1.1 200 OK\r\ncontent-le') },
  { name: 'closes half-way through the body', serve: sends(`HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n${OK}`) },
  { name: 'closes in the middle of a chunk', serve: sends(`${chunked}\r\n4f\r\n${OK.slice(0, 20)}`) },
  { name: 'closes between chunks', serve: sends(`${chunked}\r\n5\r\n${OK.slice(0, 5)}\r\n`) },
  {
    name: 'resets after half a body',
    serve: (socket) =>
      void socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n${OK}`, () => socket.resetAndDestroy()),
  },
  {
    name: 'keeps the connection open and cuts it before the next turn',
    serve: (socket) => {
      socket.write(reply('200 OK', { connection: 'keep-alive' }, '{}'));
      setTimeout(() => socket.resetAndDestroy(), 40);
    },
  },
  {
    name: 'says half of its body and stops',
    slow: true,
    serve: (socket) => void socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n${OK}`),
  },
  { name: 'drips one byte of the head at a time', slow: true, serve: drips('HTTP/1.1 200 OK\r\n', 'x', 30) },
  { name: 'drips header lines for ever', slow: true, serve: drips('HTTP/1.1 200 OK\r\n', 'x: y\r\n', 30) },
  {
    name: 'drips the body for ever',
    slow: true,
    serve: drips('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n', ' ', 30),
  },
  { name: 'drips chunks for ever', slow: true, serve: drips(`${chunked}\r\n`, '1\r\n \r\n', 30) },
  { name: 'sends 100 Continue for ever', slow: true, serve: drips('', 'HTTP/1.1 100 Continue\r\n\r\n', 30) },
  // not HTTP
  { name: 'speaks no HTTP', serve: sends('SSH-2.0-OpenSSH_9.2p1\r\n') },
  { name: 'sends binary noise', serve: sends(Buffer.from(Array.from({ length: 2048 }, (_, i) => (i * 7919) & 0xff))) },
  { name: 'answers in HTTP/0.9', serve: sends(OK) },
  { name: 'answers in HTTP/9.9', serve: sends(`HTTP/9.9 200 OK\r\n\r\n${OK}`) },
  { name: 'has a status of 0', serve: sends(`HTTP/1.1 0 Zero\r\n\r\n${OK}`) },
  { name: 'has a status of 1000', serve: sends(`HTTP/1.1 1000 Much\r\n\r\n${OK}`) },
  { name: 'has a status that is a word', serve: sends(`HTTP/1.1 OK 200\r\n\r\n${OK}`) },
  {
    name: 'has two lengths that differ',
    serve: sends(`HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 9\r\n\r\n${OK}`),
  },
  { name: 'has a negative length', serve: sends(`HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n${OK}`) },
  {
    name: 'has a length and chunks',
    serve: sends(`HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`),
  },
  { name: 'has chunk sizes that are no numbers', serve: sends(`${chunked}\r\nzz\r\n${OK}\r\n0\r\n\r\n`) },
  { name: 'has a chunk size of 2^64', serve: sends(`${chunked}\r\nffffffffffffffff\r\n${OK}`) },
  { name: 'folds a header with a NUL', serve: sends(`HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n${OK}`) },
  { name: 'has a header line without a colon', serve: sends(`HTTP/1.1 200 OK\r\nnonsense\r\n\r\n${OK}`) },
  { name: 'has 1 MiB of headers', serve: sends(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(1024 * 1024)}\r\n\r\n${OK}`) },
  { name: 'has 10,000 headers', serve: sends(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(10_000)}\r\n${OK}`) },
  {
    name: 'upgrades to another protocol',
    serve: sends('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
  },
  // size and encoding
  { name: 'floods without end', serve: floods('HTTP/1.1 200 OK\r\n\r\n', Buffer.alloc(65_536, ' ')) },
  {
    name: 'claims 50 MB and sends them',
    serve: floods('HTTP/1.1 200 OK\r\ncontent-length: 50000000\r\n\r\n', Buffer.alloc(65_536, '[')),
  },
  {
    name: 'sends a gzip bomb of 64 MiB',
    serve: (socket) => void socket.end(reply('200 OK', { 'content-encoding': 'gzip' }, bomb)),
  },
  {
    name: 'sends a gzip bomb inside gzip',
    serve: (socket) => void socket.end(reply('200 OK', { 'content-encoding': 'gzip' }, bombInBomb)),
  },
  { name: 'calls plain text gzip', serve: answers(OK, { 'content-encoding': 'gzip' }) },
  { name: 'cuts gzip half-way', serve: answers(gzipSync(OK).subarray(0, 30), { 'content-encoding': 'gzip' }) },
  {
    name: 'sends an encoding nobody asked for',
    serve: answers(brotliCompressSync('{"a":1}'), { 'content-encoding': 'br' }),
  },
  { name: 'sends zstd', serve: answers(zstdCompressSync(Buffer.from('{"a":1}')), { 'content-encoding': 'zstd' }) },
  { name: 'names an encoding that does not exist', serve: answers('x', { 'content-encoding': 'rot13' }) },
  {
    name: 'answers in UTF-16',
    serve: answers(Buffer.from(OK, 'utf16le'), { 'content-type': 'application/json; charset=utf-16' }),
  },
  { name: 'answers in Latin-1 with an umlaut', serve: answers(Buffer.from('{"result":"f\xfcr"}', 'latin1')) },
  { name: 'answers with NULs around the JSON', serve: answers(`\0${OK}\0`) },
  { name: 'answers 5 MB of blanks', serve: answers(' '.repeat(5_000_000)) },
  // redirects
  {
    name: 'redirects to itself in a ring',
    serve: (socket, port) =>
      void socket.end(reply('302 Found', { location: `http://127.0.0.1:${port}/razor/api/node/checkin` }, '')),
  },
  { name: 'redirects to a file', serve: answers('', { location: 'file:///etc/shadow' }, '301 Moved') },
  { name: 'redirects with 307', serve: answers('', { location: 'http://127.0.0.1:1/' }, '307 Temporary Redirect') },
  { name: 'redirects without a location', serve: answers('', {}, '302 Found') },
  { name: 'says 304', serve: sends('HTTP/1.1 304 Not Modified\r\n\r\n') },
  { name: 'says 204', serve: sends('HTTP/1.1 204 No Content\r\n\r\n') },
  { name: 'says 206 of nothing', serve: answers('', { 'content-range': 'bytes 0-0/0' }, '206 Partial Content') },
  {
    name: 'says 401 with a challenge',
    serve: answers('{}', { 'www-authenticate': 'Basic realm="x"' }, '401 Unauthorized'),
  },
  { name: 'says 407', serve: answers('', { 'proxy-authenticate': 'Basic' }, '407 Proxy Authentication Required') },
  { name: 'says 500 with the right body', serve: answers(OK, {}, '500 Internal Server Error') },
  { name: 'says 503 without a word', serve: sends('HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n') },
  {
    name: 'says 200 with a page',
    serve: answers('<!doctype html><title>Login</title>', { 'content-type': 'text/html' }),
  },
  // JSON of the wrong shape
  { name: 'an empty body', serve: answers('') },
  { name: 'truncated JSON', serve: answers(OK.slice(0, -3)) },
  { name: 'two JSON values', serve: answers(OK + OK) },
  { name: 'a number', serve: answers('42') },
  { name: 'null', serve: answers('null') },
  { name: 'a list', serve: answers('[]') },
  { name: 'a string', serve: answers('"acknowledge"') },
  { name: 'no errcode', serve: answers('{"response":{"command_name":"reboot"}}') },
  { name: 'errcode as text', serve: answers('{"errcode":"0","response":{"command_name":"reboot"}}') },
  { name: 'errcode null', serve: answers('{"errcode":null,"response":{"command_name":"reboot"}}') },
  { name: 'errcode false', serve: answers('{"errcode":false,"response":{"command_name":"reboot"}}') },
  { name: 'no response', checkinOnly: true, serve: answers('{"errcode":0}') },
  { name: 'a response that is a list', checkinOnly: true, serve: answers('{"errcode":0,"response":["reboot"]}') },
  { name: 'a command that is a number', checkinOnly: true, serve: answers(command(7)) },
  { name: 'a command that is a list', checkinOnly: true, serve: answers(command(['reboot'])) },
  { name: 'an empty command', checkinOnly: true, serve: answers(command('')) },
  { name: 'a command of 1 MB', checkinOnly: true, serve: answers(command('r'.repeat(900_000))) },
  { name: 'brackets 100,000 deep', serve: answers(nested(100_000)) },
  { name: 'brackets 400,000 deep and open', serve: answers('['.repeat(400_000)) },
  {
    name: 'configuration that is a list',
    checkinOnly: true,
    serve: answers('{"errcode":0,"response":{"command_name":"acknowledge"},"client_config":[1]}'),
  },
  {
    name: 'an error inside HTTP 200',
    serve: answers('{"std_err_code":1,"result":"No rows updated"}', { 'content-type': 'text/html' }),
  },
  {
    name: 'database words before the JSON',
    serve: answers(' [node] <- connection refused\n{"errcode":0}', { 'content-type': 'text/html' }),
  },
];

/** Replies that are acceptable and mean nothing good: obeyed only as far as they make sense. */
export const ODD_BUT_ACCEPTED: readonly Misbehaviour[] = [
  { name: 'a command that does not exist', serve: answers(command('self-destruct')) },
  { name: 'a command that is a path', serve: answers(command('../../sbin/poweroff')) },
  { name: 'a command with a prototype’s name', serve: answers(command('constructor')) },
  { name: '__proto__ as a command', serve: answers('{"errcode":0,"response":{"command_name":"__proto__"}}') },
  {
    name: '__proto__ in the configuration',
    serve: answers(
      '{"errcode":0,"response":{"command_name":"acknowledge"},"client_config":{"__proto__":{"x":1},"mk_checkin_interval":-1}}',
    ),
  },
  {
    name: 'keys twice: the last one counts',
    serve: answers('{"errcode":5,"errcode":0,"response":{"command_name":"acknowledge"}}'),
  },
  { name: 'sends deflate as gzip', serve: answers(deflateSync(OK), { 'content-encoding': 'gzip' }) },
  { name: 'a byte order mark', serve: answers(`\ufeff${OK}`) },
  {
    name: 'keeps the connection, and resets it when the next question arrives on it',
    serve: (socket) => {
      socket.write(reply('200 OK', { connection: 'keep-alive' }, OK));
      socket.on('data', () => socket.resetAndDestroy());
    },
  },
];
