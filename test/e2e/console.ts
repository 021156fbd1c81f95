/** Typing on a machine's serial console and its keyboard, for images of flavour debug, whose console is a root shell. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Machine } from '../../lab/vm/machine.ts';

/** Types text as it stands. Resolves when QEMU has taken it. */
export function typeOn(machine: Machine, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(machine.consoleSocket, () => socket.end(text));
    socket.on('data', () => undefined);
    socket.on('close', () => resolve());
    socket.on('error', reject);
  });
}

const KEYS: Readonly<Record<string, string>> = {
  '\n': 'ret',
  ' ': 'spc',
  ';': 'semicolon',
  '-': 'minus',
  '/': 'slash',
};

/** Types on the machine's keyboard, with the virtual terminal of that number in front: lower-case letters, digits, blanks. */
export async function typeAt(machine: Machine, terminal: number, text: string): Promise<void> {
  await machine.press(`alt-f${terminal}`);
  for (const char of text) {
    await machine.press(KEYS[char] ?? char);
    await new Promise((done) => setTimeout(done, 30));
  }
}

let count = 0;

/**
 * Runs a line of shell on the console and gives what the console showed meanwhile and its exit status. The marker that
 * ends it is put together by the shell, so that its echo is not taken for it. Throws RAZOR_MK_VM after `timeoutMs`.
 */
export async function shellOn(
  machine: Machine,
  line: string,
  timeoutMs = 60_000,
): Promise<{ readonly status: number; readonly text: string }> {
  const mark = `done-${++count}`;
  const from = (await machine.console()).length;
  await typeOn(machine, `${line}; echo "${mark}-""=$?="\r`);
  const end = await machine.expect(new RegExp(`${mark}-=(\\d+)=`), { from, timeoutMs });
  const text = (await machine.console()).slice(from, end);
  return { status: Number(/=(\d+)=$/.exec(text)?.[1]), text };
}

/** `razor-mk capture` in the machine; the archive comes out on its virtio disk, an empty file here. */
export async function captureOf(machine: Machine, disk: string, timeoutMs = 120_000): Promise<Buffer> {
  const file = '/tmp/capture.tar.gz';
  const made = await shellOn(machine, `razor-mk capture ${file}`, timeoutMs);
  if (made.status !== 0) throw new Error(`razor-mk capture: ${made.text}`);
  const out = await shellOn(machine, `dd if=${file} of=/dev/vda bs=4096 conv=fsync && echo "bytes=$(wc -c <${file})"`);
  const bytes = Number(/bytes=(\d+)/.exec(out.text)?.[1]);
  if (!(bytes > 0)) throw new Error(`razor-mk capture: ${out.text}`);
  return readFileSync(disk).subarray(0, bytes);
}
