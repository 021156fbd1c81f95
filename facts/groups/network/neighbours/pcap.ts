/**
 * Frames in a file of the kind that tcpdump and Wireshark read (libpcap's savefile, pcap-savefile(5)), so that a person can look
 * into what was heard. Pure.
 */
const MAGIC = 0xa1b2c3d4;
const HEADER = 24;
const RECORD = 16;
const ETHERNET = 1;
/** A frame is cut off behind this. */
const LONGEST_FRAME = 9216;
const MOST_FRAMES = 1000;

/** A file of frames; `seconds` is when they came, since 1970. */
export function writePcap(frames: readonly { readonly seconds: number; readonly bytes: Buffer }[]): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(LONGEST_FRAME, 16);
  header.writeUInt32LE(ETHERNET, 20);
  const records = frames.map(({ seconds, bytes }) => {
    const head = Buffer.alloc(RECORD);
    const kept = bytes.subarray(0, LONGEST_FRAME);
    head.writeUInt32LE(Math.floor(seconds), 0);
    head.writeUInt32LE(kept.length, 8);
    head.writeUInt32LE(bytes.length, 12);
    return Buffer.concat([head, kept]);
  });
  return Buffer.concat([header, ...records]);
}

/** Such a file with each frame replaced by what `change` makes of it, of the same length. */
export function mapPcap(file: Buffer, change: (frame: Buffer) => Buffer): Buffer {
  const copy = Buffer.from(file);
  for (const frame of readPcap(copy)) change(frame).copy(frame);
  return copy;
}

/** The frames of such a file, as parts of `file`; empty for another file. What is cut off at its end is left out. */
export function readPcap(file: Buffer): Buffer[] {
  if (file.length < HEADER || file.readUInt32LE(0) !== MAGIC || file.readUInt32LE(20) !== ETHERNET) return [];
  const frames: Buffer[] = [];
  for (let at = HEADER; at + RECORD <= file.length && frames.length < MOST_FRAMES;) {
    const end = at + RECORD + file.readUInt32LE(at + 8);
    if (end > file.length) break;
    frames.push(file.subarray(at + RECORD, end));
    at = end;
  }
  return frames;
}
