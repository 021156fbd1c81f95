/**
 * A management processor for a virtual machine: what stands behind QEMU's `ipmi-bmc-extern` and its KCS interface, so that the
 * kernel's driver and ipmitool talk to something that can be asked afterwards. The framing is QEMU's and OpenIPMI's "VM protocol":
 * each message ends in A0, each control word in A1, AA escapes, and all bytes of a message add up to nothing.
 */
import { createServer, type Socket } from 'node:net';

export interface Bmc {
  /** Arguments for QEMU. */
  readonly args: readonly string[];
  /** Seconds of each Chassis Identify that came, oldest first (IPMI 2.0, 28.5). */
  readonly identified: readonly number[];
  /** Network function, command and data of every request, as hex, oldest first. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** What it says of itself. */
export const BMC = {
  firmware: '7.42',
  address: '10.77.9.38',
  netmask: '255.255.0.0',
  gateway: '10.77.9.1',
  mac: '52:54:00:BC:BC:01',
} as const;

const [END_MESSAGE, END_CONTROL, ESCAPE, ESCAPED] = [0xa0, 0xa1, 0xaa, 0x10];
const CONTROL_VERSION = 0xff;
const OK = 0x00;
const UNKNOWN_COMMAND = 0xc1;

/** Listens on a Unix socket until it is closed. */
export async function startBmc(path: string): Promise<Bmc> {
  const identified: number[] = [];
  const asked: string[] = [];
  const sockets = new Set<Socket>();

  const answer = (netFn: number, command: number, data: readonly number[]): readonly number[] => {
    asked.push(Buffer.from([netFn, command, ...data]).toString('hex'));
    if (netFn === 0x00 && command === 0x04) identified.push(data[0] ?? 15);
    const reply = REPLIES[`${hex(netFn)}${hex(command)}`];
    return reply === undefined ? [UNKNOWN_COMMAND] : [OK, ...reply(data)];
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.write(Buffer.from([CONTROL_VERSION, 1, END_CONTROL]));
    let frame: number[] = [];
    let escaped = false;
    socket.on('data', (bytes: Buffer) => {
      for (const byte of bytes) {
        if (byte === END_MESSAGE) {
          const [sequence = 0, address = 0, command = 0, ...rest] = frame;
          if (sum(frame) === 0) {
            const body = answer(address >> 2, command, rest.slice(0, -1));
            socket.write(framed([sequence, address | 4, command, ...body]));
          }
        }
        if (byte === END_MESSAGE || byte === END_CONTROL) frame = [];
        else if (byte === ESCAPE) escaped = true;
        else {
          frame.push(escaped ? byte & ~ESCAPED : byte);
          escaped = false;
        }
      }
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  return {
    args: [
      ...['-chardev', `socket,id=bmc,path=${path},reconnect=2`],
      ...['-device', 'ipmi-bmc-extern,id=bmc0,chardev=bmc', '-device', 'isa-ipmi-kcs,bmc=bmc0'],
    ],
    identified,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

type Reply = (data: readonly number[]) => readonly number[];

/** LAN configuration parameters (IPMI 2.0, table 23-4). */
const LAN: Readonly<Record<number, readonly number[]>> = {
  0: [0], // nothing is being set
  1: [0x3f], // authentication types that there are
  2: [0, 0, 0, 0, 0],
  3: BMC.address.split('.').map(Number),
  4: [1], // static
  5: BMC.mac.split(':').map((byte) => Number.parseInt(byte, 16)),
  6: BMC.netmask.split('.').map(Number),
  12: BMC.gateway.split('.').map(Number),
};

/** By network function and command. */
const REPLIES: Readonly<Record<string, Reply>> = {
  '0004': () => [], // Chassis Identify
  '0001': () => [0x01, 0x00, 0x40], // Get Chassis Status: on; identify is supported
  '0601': () => [0x20, 0x01, 0x07, 0x42, 0x02, 0x80, 0xa2, 0x02, 0x00, 0x00, 0x01], // Get Device ID: 7.42, IPMI 2.0
  '0608': () => [...Buffer.from('razor-mk-bmc-001')],
  '062e': () => [], // Set and Get BMC Global Enables
  '062f': () => [0x00],
  '0630': () => [], // Clear and Get Message Flags
  '0631': () => [0x00],
  '0637': () => [...Buffer.from('razor-mk-bmc-001')],
  // Get Channel Info: 1 is a LAN, F the system interface
  '0642': ([channel = 0]) => [channel, (channel & 15) === 1 ? 0x04 : 0x0c, 0x01, 0x00, 0xf2, 0x1b, 0x00, 0x00, 0x00],
  '0c02': ([, parameter = 0]) => [0x11, ...(LAN[parameter] ?? [])],
};

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');
const sum = (bytes: readonly number[]): number => bytes.reduce((total, byte) => (total + byte) & 0xff, 0);

function framed(message: readonly number[]): Buffer {
  const whole = [...message, -sum(message) & 0xff];
  const escaped = whole.flatMap((byte) =>
    [END_MESSAGE, END_CONTROL, ESCAPE].includes(byte) ? [ESCAPE, byte | ESCAPED] : [byte],
  );
  return Buffer.from([...escaped, END_MESSAGE]);
}
