/**
 * A captive portal: `node portal.ts SETTINGS`, JSON. Every request on `listen` is sent to a login page, until a line comes on
 * standard input; from then on connections are passed to `target`.
 */
import { connect, createServer } from 'node:net';

interface PortalSettings {
  readonly listen: readonly [address: string, port: number];
  readonly target?: readonly [address: string, port: number];
  /** The answer: a redirect to the portal, or its page under every address. */
  readonly answer: 'redirect' | 'page';
}

const settings = JSON.parse(process.argv[2] ?? '{}') as PortalSettings;
let open = false;
process.stdin.once('data', () => {
  open = true;
  console.log('open');
});
const page = '<html><head><title>Sign in</title></head><body><form action="/login">…</form></body></html>';
const redirect =
  'HTTP/1.1 302 Found\r\nLocation: http://portal.example/login\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
const answer =
  settings.answer === 'redirect'
    ? redirect
    : `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: ${Buffer.byteLength(page)}\r\n\r\n${page}`;

const [address, port] = settings.listen;
createServer((socket) => {
  socket.on('error', () => socket.destroy());
  if (open && settings.target !== undefined) {
    const other = connect(settings.target[1], settings.target[0]);
    other.on('error', () => socket.destroy());
    socket.pipe(other).pipe(socket);
  } else socket.once('data', () => socket.end(answer));
}).listen(port, address, () => console.log('ready'));
