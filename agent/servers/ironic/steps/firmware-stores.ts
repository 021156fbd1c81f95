/** What a tenant may leave in the firmware: the kernel's crash records (pstore), and boot entries. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, RazorMkError } from '../../../../platform/errors/errors.ts';
import { run } from '../../../../platform/process/run.ts';
import { compileRubyPattern } from '../../../../platform/ruby/ruby-pattern.ts';
import type { System } from '../../../../platform/system.ts';
import { mountEfiVariables } from '../../../node/boot/efi-variables.ts';
import { changed } from '../live.ts';
import type { IronicStep } from '../ironic-options.ts';
import { mustBeAllowed } from './erase-all.ts';

const PSTORE = 'sys/fs/pstore';

/** Removes all crash records, and says how many there were. Throws RAZOR_MK_COMMAND for one that stays. */
export async function erasePstoreIn(system: System, root = '/'): Promise<string> {
  const place = join(root, PSTORE);
  if (!existsSync(place)) return 'this kernel keeps no crash records (pstore)';
  const mounts = readFileSync(join(root, 'proc/mounts'), 'utf8');
  if (!mounts.includes(`/${PSTORE} pstore `)) {
    const argv = ['mount', '-t', 'pstore', 'pstore', place] as const;
    const { status, failure, stderr } = await system.run('make the crash records readable', argv);
    const said = failure ?? stderr.toString().trim().slice(-200);
    if (status !== 0) throw new RazorMkError('RAZOR_MK_COMMAND', `pstore cannot be mounted: ${said}`);
  }
  const before = readdirSync(place);
  await changed(system, `remove ${before.length} crash records (pstore)`, () => {
    for (const name of before) rmSync(join(place, name), { recursive: true });
  });
  const left = readdirSync(place).length;
  if (left > 0) throw new RazorMkError('RAZOR_MK_COMMAND', `${left} of ${before.length} crash records are still there`);
  return `${before.length} crash records were removed`;
}

export const erasePstore: IronicStep = {
  name: 'erase_pstore',
  kinds: ['clean'],
  priority: () => 0,
  interface: 'deploy',
  abortable: true,
  async run(_call, context) {
    mustBeAllowed(context);
    const said = await erasePstoreIn(context.system);
    context.say(`Ironic: ${said}`);
    return said;
  },
};

interface BootEntry {
  /** `0003` */
  readonly id: string;
  readonly label: string;
  /** `HD(1,GPT,…)/File(\EFI\debian\shimx64.efi)` */
  readonly path: string;
}

/** The entries of `efibootmgr -v`. The label may have blanks; a tab, or the first device of the path, ends it. */
export function bootEntries(text: string): BootEntry[] {
  return [...text.matchAll(/^Boot([0-9A-Fa-f]{4})\*?\s+(.*)$/gm)].map(([, id = '', rest = '']) => {
    const tab = rest.indexOf('\t');
    const at = tab >= 0 ? tab : (/\s[A-Za-z]+\(/.exec(rest)?.index ?? rest.length);
    return { id, label: rest.slice(0, at).trim(), path: rest.slice(at).trim() };
  });
}

/** ironic-python-agent's: entries of disks, and of the loaders of distributions. */
const PATTERNS = ['^HD\\(', 'shim.*\\.efi', 'grub.*\\.efi'];

/** Tests that ignore case. Throws RAZOR_MK_REPLY for anything but a list of patterns. */
export function pathTests(value: unknown): ((path: string) => boolean)[] {
  const list = value ?? PATTERNS;
  if (!Array.isArray(list) || !list.every((each) => typeof each === 'string')) {
    throw new RazorMkError('RAZOR_MK_REPLY', 'match_patterns is not a list of texts');
  }
  return list.map((pattern) => {
    try {
      return compileRubyPattern(`(?i:${pattern})`).test;
    } catch (error) {
      throw new RazorMkError('RAZOR_MK_REPLY', `match_patterns: ${pattern.slice(0, 100)}: ${messageOf(error)}`);
    }
  });
}

export const cleanUefiNvram: IronicStep = {
  name: 'clean_uefi_nvram',
  kinds: ['clean', 'deploy'],
  priority: () => 0,
  interface: 'deploy',
  abortable: true,
  argsinfo: {
    match_patterns: {
      description: `boot entries whose device path one of these patterns matches are removed; ${JSON.stringify(PATTERNS)} by default`,
      required: false,
    },
  },
  async run({ args }, context) {
    mustBeAllowed(context);
    const tests = pathTests(args['match_patterns']);
    const said = await removeBootEntries(context.system, tests);
    context.say(`Ironic: ${said}`);
    return said;
  },
};

async function removeBootEntries(system: System, tests: readonly ((path: string) => boolean)[]): Promise<string> {
  if (!existsSync('/sys/firmware/efi')) return 'the firmware is a BIOS: it has no boot entries';
  await mountEfiVariables(system);
  const matching = (await listEntries()).filter(({ path }) => tests.some((fits) => fits(path)));
  await changed(system, `remove ${matching.length} boot entries`, () => undefined);
  for (const { id, label } of matching) {
    await system.run(`remove the boot entry ${id} (${label})`, ['efibootmgr', '-q', '-b', id, '-B'], {
      timeoutMs: 60_000,
    });
  }
  const ids = new Set((await listEntries()).map(({ id }) => id));
  const left = matching.filter(({ id }) => ids.has(id));
  const names = (entries: readonly BootEntry[]): string => entries.map(({ id, label }) => `${id} ${label}`).join(', ');
  if (left.length > 0) throw new RazorMkError('RAZOR_MK_COMMAND', `still in the firmware: ${names(left)}`);
  return matching.length === 0 ? 'no boot entry matches' : `removed from the firmware: ${names(matching)}`;
}

async function listEntries(): Promise<BootEntry[]> {
  const { status, failure, stdout, stderr } = await run(['efibootmgr', '-v'], { timeoutMs: 60_000 });
  if (status === 0) return bootEntries(stdout.toString());
  const said = failure === 'not-found' ? 'there is no efibootmgr in this image' : stderr.toString().trim().slice(-200);
  throw new RazorMkError('RAZOR_MK_COMMAND', said, { remedy: 'image build --erase brings efibootmgr.' });
}
