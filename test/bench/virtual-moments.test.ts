import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packetsOf, virtualMoments } from './virtual-moments.ts';

/** A file of libpcap with these frames, at these virtual seconds. */
function dump(frames: readonly (readonly [number, Buffer])[]): Buffer {
  const packets = frames.map(([at, frame]) => {
    const header = Buffer.alloc(16);
    header.writeUInt32LE(1_577_836_800 + Math.floor(at), 0);
    header.writeUInt32LE(Math.round((at % 1) * 1e6), 4);
    header.writeUInt32LE(frame.length, 8);
    return Buffer.concat([header, frame]);
  });
  return Buffer.concat([Buffer.alloc(24), ...packets]);
}

function udp(from: number, to: number): Buffer {
  const frame = Buffer.alloc(60);
  frame.writeUInt16BE(0x0800, 12);
  frame[14] = 0x45;
  frame[23] = 17;
  frame.writeUInt16BE(from, 34);
  frame.writeUInt16BE(to, 36);
  return frame;
}
const CHECKIN = Buffer.concat([Buffer.alloc(54), Buffer.from('GET /razor/api/node/checkin?hw_id=1 HTTP/1.1\r\n')]);

test('a boot’s moments are those of the first packet of each kind, in seconds since power-on', () => {
  const file = dump([
    [1.5, udp(67, 68)],
    [5.899, udp(68, 67)],
    [6.2, udp(68, 67)],
    [10.298, CHECKIN],
    [13.3, CHECKIN],
  ]);
  const { dhcp, checkin } = virtualMoments(packetsOf(file));
  assert.deepEqual([dhcp.toFixed(3), checkin.toFixed(3)], ['5.899', '10.298']);
});

test('a file that is cut within a packet, and a boot without a check-in, are told', () => {
  const file = dump([[5, udp(68, 67)]]);
  assert.equal(packetsOf(file.subarray(0, 30)).length, 0);
  assert.throws(() => virtualMoments(packetsOf(file)), /no check-in/);
});
