/**
 * The QEMU that boots a machine: RAZOR_MK_QEMU=DIR, else the system's, else, for devices that this one has not yet, that of
 * Debian 13, which is fetched and unpacked beside the guest; nothing is installed.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../platform/process/run.ts';
import { debianTree } from '../helpers/debian-tree.ts';

const PROGRAM = 'qemu-system-x86_64';
const CACHE = join(import.meta.dirname, '../../build/machines/qemu');

export interface Qemu {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** What `-device help` and `-machine help` list. */
  readonly offers: string;
}

const known = new Map<string, Promise<Qemu | string>>();

/** A QEMU with all these devices and kinds of machines, or why there is none here, in words. `tell` gets a line for what takes time. */
export async function qemuWith(needs: readonly string[], tell: (line: string) => void): Promise<Qemu | string> {
  const given = process.env['RAZOR_MK_QEMU'];
  const first = await once('own', () => look([given === undefined ? PROGRAM : join(given, PROGRAM)], {}));
  const lack = lacking(first, needs);
  if (lack === undefined || given !== undefined) return lack ?? first;
  const newer = await once('newer', () => unpacked(tell));
  return lacking(newer, needs) ?? newer;
}

function once(name: string, make: () => Promise<Qemu | string>): Promise<Qemu | string> {
  const made = known.get(name) ?? make();
  known.set(name, made);
  return made;
}

function lacking(qemu: Qemu | string, needs: readonly string[]): string | undefined {
  if (typeof qemu === 'string') return qemu;
  const missing = needs.find((need) => !qemu.offers.includes(`name "${need}"`) && !qemu.offers.includes(`\n${need} `));
  return missing === undefined ? undefined : `this QEMU has no ${missing}`;
}

async function look(argv: Qemu['argv'], env: Qemu['env']): Promise<Qemu | string> {
  const devices = await run([...argv, '-device', 'help'], { env });
  if (devices.status !== 0) return `${argv[0]} cannot be run: ${devices.failure ?? devices.stderr.toString().trim()}`;
  const machines = await run([...argv, '-machine', 'help'], { env });
  return { argv, env, offers: `${devices.stdout.toString()}\n${machines.stdout.toString()}` };
}

/** Where QEMU looks for its modules, whatever it is told besides; those of another build end it. */
const MODULES = '/usr/lib/x86_64-linux-gnu/qemu';
/** In a mount namespace of its own, with the tree's modules in place of the system's. */
const WITH_MODULES = 'if [ -d "$2" ]; then mount --bind "$1" "$2"; fi && shift 2 && exec "$@"';

/** Debian 13's, with its own libraries and its own loader of programs. */
async function unpacked(tell: (line: string) => void): Promise<Qemu | string> {
  if (process.getuid?.() !== 0) return 'a QEMU of another release needs root';
  const tree = await debianTree({ dir: CACHE, packages: ['qemu-system-x86'], suite: 'trixie', tell });
  if (typeof tree === 'string') return tree;
  const inTree = (path: string): string => join(tree.root, 'usr', path);
  const loader = inTree('lib64/ld-linux-x86-64.so.2');
  if (!existsSync(loader)) return `${loader} is not there`;
  const libraries = inTree('lib/x86_64-linux-gnu');
  const modules = join(libraries, 'qemu');
  const enter = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', WITH_MODULES, 'sh'] as const;
  const firmware = ['qemu', 'seabios'].flatMap((name) => ['-L', inTree(`share/${name}`)]);
  const program = [loader, '--library-path', libraries, inTree(`bin/${PROGRAM}`), ...firmware];
  return await look([...enter, modules, MODULES, ...program], { QEMU_MODULE_DIR: modules });
}
