/** The process of debian-mirror.ts in a site's namespace: TCP connections to a Unix socket, byte for byte. ADDRESS PORT SOCKET. */
import { connect, createServer } from 'node:net';

const [address = '', port = '', socket = ''] = process.argv.slice(2);
createServer({ allowHalfOpen: true }, (machine) => {
  const mirror = connect({ path: socket, allowHalfOpen: true });
  machine.on('error', () => mirror.destroy());
  mirror.on('error', () => machine.destroy());
  machine.pipe(mirror).pipe(machine);
}).listen(Number(port), address);
