#!/usr/bin/env bash
# dns-packet 5.6.1 (Node 20 and 24): an A record whose last byte is missing is decoded without an error.
#
# A DNS answer over UDP was cut by one byte, so that RDLENGTH says 4 and three bytes are there (RFC 1035, 3.2.1 and 3.4.1).
# Expected: decode() throws, as it does for names and headers that end early.
# Seen:     data is '192.0.2.undefined'; with RDLENGTH 0 it is 'undefined.undefined.undefined.undefined'. Whoever takes the
#           field for an address asks for a host of that name. Check it with net.isIP.
#
# Exits 0 while it behaves so, 1 when it changed.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-save --no-audit --no-fund --prefix "$dir" dns-packet@5.6.1 >/dev/null
cat >look.cjs <<'JS'
const { decode, encode } = require('dns-packet');
const question = { type: 'A', name: 'host.example' };
const answers = [{ type: 'A', name: 'host.example', ttl: 9, data: '192.0.2.7' }];
const whole = encode({ type: 'response', id: 1, questions: [question], answers });
const dataOf = (bytes) => {
  try {
    return decode(bytes).answers[0].data;
  } catch (error) {
    return `error: ${error.message}`;
  }
};
const empty = Buffer.from(whole.subarray(0, -4));
empty.writeUInt16BE(0, empty.length - 2);
const seen = [dataOf(whole), dataOf(whole.subarray(0, -1)), dataOf(empty)];
console.log(`whole: ${seen[0]}\ncut by one byte: ${seen[1]}\nRDLENGTH 0: ${seen[2]}`);
const known = ['192.0.2.7', '192.0.2.undefined', 'undefined.undefined.undefined.undefined'];
process.exit(JSON.stringify(seen) === JSON.stringify(known) ? 0 : 1);
JS
node look.cjs
