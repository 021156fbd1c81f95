/**
 * `npm run test:machines [-- NAME…]`: boots the machines of the tables, or those that are named. `--list` says which there are,
 * `--again` boots none and looks once more at what each said last.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { PROJECT } from '../../packaging/project-paths.ts';
import { FACTER_MACHINES } from './tables/facter.ts';
import { MACHINES } from './tables/machines.ts';

const ALL = [...MACHINES, ...FACTER_MACHINES];

const OPTIONS = { list: { type: 'boolean' }, again: { type: 'boolean' } } as const;
const { positionals, values } = parseArgs({ allowPositionals: true, options: OPTIONS });
const unknown = positionals.filter((name) => !ALL.some((machine) => machine.name === name));
if (values.list) {
  for (const { name, why } of ALL) process.stdout.write(`${name.padEnd(22)} ${why}\n`);
} else if (unknown.length > 0) {
  process.stderr.write(`no such machine: ${unknown.join(', ')}; --list says which there are\n`);
  process.exitCode = 64;
} else {
  const words = ['--import', './test/helpers/preload.ts', '--test', '--test-timeout=900000', '--test-concurrency=1'];
  const { status } = spawnSync(process.execPath, [...words, 'test/machines/*.machine.ts'], {
    cwd: PROJECT,
    stdio: 'inherit',
    env: { ...process.env, RAZOR_MK_MACHINES: positionals.join(' '), RAZOR_MK_MACHINES_AGAIN: values.again ? '1' : '' },
  });
  process.exitCode = status ?? 1;
}
