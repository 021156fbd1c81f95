/** `razor-mk lab vm console` and `lab vm screen`: looking at a machine that runs. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { defineVerb, type Host } from '../../platform/process/verb.ts';
import { consoleSocket, screenshot } from '../vm/machine.ts';

/** How the directories of `lab vm` begin that were given no name. */
export const VM_DIR = 'razor-mk-vm-';

const CTRL_RIGHT_BRACKET = 0x1d;

interface Which {
  readonly name: string;
  readonly dir: string | undefined;
}

function which<T>(yargs: Argv<T>) {
  return yargs
    .positional('name', { type: 'string', demandOption: true, describe: 'node1, node2 …' })
    .option('dir', { type: 'string', describe: 'the directory that lab vm --keep printed [default: the newest one]' });
}

export const consoleVerb = defineVerb({
  examples: [
    ['lab vm console node1', 'the serial console of the newest lab vm --keep'],
    ['lab vm console node2 --dir /tmp/vms', 'of the one with that directory'],
  ],
  usage: '<name>',
  options: (yargs) => which(yargs),
  run: (args, host) => attach(directoryOf(args), args.name, host),
});

export const screenVerb = defineVerb({
  examples: [
    ['lab vm screen node1', 'a PNG beside its other files'],
    ['lab vm screen node1 --out screen.png', 'a PNG here'],
  ],
  usage: '<name>',
  options: (yargs) =>
    which(yargs).option('out', { type: 'string', describe: 'the PNG file [default: NAME.png in that directory]' }),
  run: async (args, host) => {
    const dir = directoryOf(args);
    const file = args.out === undefined ? join(dir, `${args.name}.png`) : resolve(args.out);
    await screenshot(dir, args.name, file);
    host.out(`${file}\n`);
    return 0;
  },
});

/** Where the machine's sockets lie. Throws RAZOR_MK_VM when no directory was named and none has such a machine. */
function directoryOf({ name, dir }: Which): string {
  if (dir !== undefined) return resolve(dir);
  const known = readdirSync(tmpdir())
    .filter((each) => each.startsWith(VM_DIR))
    .map((each) => join(tmpdir(), each))
    .filter((each) => existsSync(consoleSocket(each, name)))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (known[0] !== undefined) return known[0];
  throw new RazorMkError('RAZOR_MK_VM', `no machine ${name} of lab vm is known here`, {
    remedy: 'Start one with razor-mk lab vm --keep; name its directory with --dir if it was given one.',
  });
}

/** Connects this terminal with a machine's serial console until Ctrl-]. What it showed last is shown first. */
function attach(dir: string, name: string, host: Host): Promise<number> {
  const path = consoleSocket(dir, name);
  return new Promise((done, reject) => {
    const socket = connect(path);
    const end = (): void => {
      if (process.stdin.isTTY) process.stdin.setRawMode(false);
      // a paused pipe would keep this process; nothing else reads it
      process.stdin.destroy();
      socket.destroy();
      done(0);
    };
    socket.on('error', (error) =>
      reject(new RazorMkError('RAZOR_MK_VM', `no machine runs at ${path}: ${error.message}`)),
    );
    socket.on('connect', () => {
      host.err(`the console of ${name}; Ctrl-] leaves it\n`);
      host.out(lastLines(join(dir, `${name}.console`)));
      if (process.stdin.isTTY) process.stdin.setRawMode(true);
      process.stdin.on('data', (keys: Buffer) => (keys.includes(CTRL_RIGHT_BRACKET) ? end() : socket.write(keys)));
    });
    socket.on('data', (chunk: Buffer) => host.out(chunk.toString('latin1')));
    socket.on('close', end);
    host.signal.addEventListener('abort', end, { once: true });
  });
}

function lastLines(file: string): string {
  return existsSync(file) ? readFileSync(file, 'latin1').split('\n').slice(-10).join('\n') : '';
}
