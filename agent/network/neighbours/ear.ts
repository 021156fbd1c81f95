/**
 * Hears every frame of a card, without a raw socket, which Node has not: a macvtap device over the card
 * (Documentation of the kernel: drivers/net/macvtap.c) is read as a file, /dev/tapN. One read gives one frame, behind a virtio
 * header of ten bytes. The device has no address, answers nothing, sends only what it is told to, and is removed when the ear is
 * closed.
 */
import {
  closeSync,
  constants,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { isListener, LISTENER_PREFIX, ROUTER_LISTENER_PREFIX } from '../../../facts/groups/network/nics.ts';
import { errnoOf, messageOf } from '../../../platform/errors/errors.ts';
import type { Log } from '../../../platform/log/log.ts';
import type { System } from '../../../platform/system.ts';

const NET = '/sys/class/net';

export interface EarContext {
  readonly system: System;
  readonly log: Log;
  /** A directory of our own: the device's node is made there where the kernel makes none. */
  readonly dir: string;
  /** Whom it is for: switches by default. Both may listen on a card at a time. */
  readonly to?: 'switches' | 'routers';
}

export interface Ear {
  readonly card: string;
  /** Its own address, lower case with colons. */
  readonly mac: string;
  /** Sends a whole Ethernet frame. */
  say(frame: Buffer): void;
  /** The frames that have come since, without their header; undefined when the device is gone. */
  hear(): readonly Buffer[] | undefined;
  /** Removes the device. Never throws. */
  close(): Promise<void>;
}

/** `no-macvtap`: the kernel has none. Anything else is about this card. */
export class EarFailure extends Error {
  readonly kind: 'no-macvtap' | 'card';
  constructor(kind: EarFailure['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** virtio_net_hdr of include/uapi/linux/virtio_net.h, without the buffers' count. */
const HEADER = 10;
const LONGEST_FRAME = 9216;
/** What is left waits for the next time: the device keeps 500 frames. */
const MOST_AT_ONCE = 1000;
/** IFF_UP, IFF_BROADCAST, IFF_NOARP, IFF_ALLMULTI, IFF_MULTICAST: it must not answer for the addresses of the card. */
const FLAGS = '0x1283';

/** Opens an ear on a card that is up. Throws EarFailure, and then nothing is left of it. */
export async function openEar(card: string, index: number, context: EarContext): Promise<Ear> {
  const { system } = context;
  const name = `${context.to === 'routers' ? ROUTER_LISTENER_PREFIX : LISTENER_PREFIX}${index}`;
  const argv = ['ip', 'link', 'add', 'link', card, 'name', name, 'type', 'macvtap'] as const;
  const made = await system.run(`listen for the neighbours of ${card}, by ${name}`, argv, { timeoutMs: 10_000 });
  if (made.status !== 0) throw refusal(card, made.failure ?? made.stderr.toString('utf8').trim().slice(0, 200));
  let fd: number;
  try {
    fd = await openTap(name, context);
  } catch (error) {
    await removeEar(name, context);
    throw new EarFailure('card', `${card}: ${messageOf(error)}`);
  }
  const buffer = Buffer.alloc(HEADER + LONGEST_FRAME);
  return {
    card,
    mac: readFileSync(`${NET}/${name}/address`, 'utf8').trim(),
    say: (frame) => void writeSync(fd, Buffer.concat([Buffer.alloc(HEADER), frame])),
    hear: () => framesOf(fd, buffer),
    async close() {
      closeSync(fd);
      await removeEar(name, context);
    },
  };
}

/** Removes what an agent left that was ended by force. Never throws. */
export async function removeEars(context: Pick<EarContext, 'system' | 'log'>): Promise<void> {
  for (const name of names(NET).filter(isListener)) await removeEar(name, context);
}

function refusal(card: string, said: string): EarFailure {
  if (/not supported|unknown (device )?type/i.test(said)) {
    return new EarFailure('no-macvtap', 'this kernel has no macvtap (module macvtap)');
  }
  const hint = /busy/i.test(said) ? '; a part of a bond or bridge cannot be listened on' : '';
  return new EarFailure('card', `${card}: ${said}${hint}`);
}

/** The file is open before the device is up: a frame that nobody reads would be taken for one to this machine. */
async function openTap(name: string, { system, dir }: EarContext): Promise<number> {
  const tap = names(`${NET}/${name}/macvtap`)[0];
  if (tap === undefined) throw new Error(`${NET}/${name}/macvtap is empty`);
  const number = readFileSync(`${NET}/${name}/macvtap/${tap}/dev`, 'utf8').trim();
  const fd = await system.change(`open /dev/${tap}`, async () => {
    if (isDevice(`/dev/${tap}`, number)) return openSync(`/dev/${tap}`, constants.O_RDWR | constants.O_NONBLOCK);
    const own = join(dir, tap);
    rmSync(own, { force: true });
    const [major = '', minor = ''] = number.split(':');
    await system.run(`make the device ${own}`, ['mknod', own, 'c', major, minor], { timeoutMs: 10_000 });
    try {
      return openSync(own, constants.O_RDWR | constants.O_NONBLOCK);
    } finally {
      rmSync(own, { force: true });
    }
  });
  if (fd === undefined) throw new Error('nothing is changed without --live');
  try {
    await system.change(`switch ${name} on, without addresses`, () => {
      // else the kernel gives it addresses that routers announce
      ignoreMissing(() => writeFileSync(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, '1'));
      writeFileSync(`${NET}/${name}/flags`, FLAGS);
    });
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Whether the path is the character device of that number: `246:1`. */
function isDevice(path: string, number: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isCharacterDevice() !== true) return false;
  // dev_t of glibc: minor in bits 0 to 7 and 20 up, major in bits 8 to 19
  return number === `${(stat.rdev >> 8) & 0xfff}:${(stat.rdev & 0xff) | ((stat.rdev >> 12) & 0xfff00)}`;
}

function framesOf(fd: number, buffer: Buffer): Buffer[] | undefined {
  const frames: Buffer[] = [];
  while (frames.length < MOST_AT_ONCE) {
    try {
      const length = readSync(fd, buffer);
      if (length > HEADER) frames.push(Buffer.from(buffer.subarray(HEADER, length)));
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') break;
      return undefined;
    }
  }
  return frames;
}

async function removeEar(name: string, { system, log }: Pick<EarContext, 'system' | 'log'>): Promise<void> {
  if (!names(NET).includes(name)) return; // it went with its card
  const argv = ['ip', 'link', 'del', 'dev', name] as const;
  const result = await system.run(`remove the listener ${name}`, argv, { timeoutMs: 10_000 });
  if (!names(NET).includes(name)) return;
  log.warn(
    `${argv.join(' ')}: ${result.failure ?? (result.stderr.toString('utf8').trim().slice(0, 200) || 'it is still there')}`,
  );
}

function names(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function ignoreMissing(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}
