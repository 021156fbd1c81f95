/**
 * npm run bench:cold: the agent's cold start, as a node has it after power-on: `razor-mk checkin` out of an extension that was
 * mounted just now, so that the kernel unpacks what is read, by the extension's compression; beside it the same out of a tmpfs,
 * and once more when everything is in memory. Median of --runs (7), the forms in turn. Needs root (loop mounts, in a mount
 * namespace of its own), squashfs-tools, and build/razor-mk.tcz (npm run package) or --agent FILE.tcz.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { run } from '../../platform/process/run.ts';
import { packSquashfs, unpackSquashfs } from '../../tinycore/image/extensions/squashfs.ts';
import { scriptedServer, command } from '../helpers/scripted-server.ts';
import { median } from './boot-table.ts';

const { values: options } = parseArgs({
  options: {
    agent: { type: 'string', default: join(import.meta.dirname, '../../build/razor-mk.tcz') },
    runs: { type: 'string', default: '7' },
    json: { type: 'boolean', default: false },
    inside: { type: 'boolean', default: false },
  },
});
const COMPRESSIONS = ['gzip', 'zstd', 'xz'] as const;
/** KiB, Linux' own default: some hosts have much more, a node has not. */
const READ_AHEAD = '128';
const PROGRAM = 'usr/local/lib/razor-mk/razor-mk';

async function must(...argv: [string, ...string[]]): Promise<void> {
  const { status, stderr } = await run(argv, { timeoutMs: 600_000 });
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr.toString().trim()}`);
}

async function main(): Promise<void> {
  if (!existsSync(options.agent)) throw new Error(`${options.agent} is not there: npm run package makes it`);
  const dir = mkdtempSync(join(tmpdir(), 'razor-mk-cold-'));
  const server = await scriptedServer();
  server.checkins(command('acknowledge'));
  const mount = join(dir, 'mount');
  mkdirSync(mount);
  const place = join(mount, PROGRAM);

  /** Milliseconds from exec to the end. */
  const once = async (): Promise<number> => {
    const { status, durationMs, stderr } = await run([place, 'checkin', '--server', `127.0.0.1:${server.port}`]);
    if (status !== 0) throw new Error(`razor-mk checkin: ${stderr.toString()}`);
    return durationMs;
  };

  async function coldAndWarm(form: string): Promise<[number, number]> {
    if (form === 'tmpfs') {
      await must('mount', '-t', 'tmpfs', 'none', mount);
      cpSync(join(dir, 'tree'), mount, { recursive: true });
    } else {
      await must('mount', '-o', 'loop,ro', join(dir, form), mount);
      const device = statSync(mount).dev & 0xff;
      const loop = realpathSync(`/sys/dev/block/7:${device}`);
      writeFileSync(join(loop, 'queue/read_ahead_kb'), READ_AHEAD);
    }
    try {
      return [await once(), await once()];
    } finally {
      await must('umount', mount);
    }
  }

  try {
    await unpackSquashfs(options.agent, join(dir, 'tree'));
    for (const each of COMPRESSIONS) await packSquashfs(join(dir, 'tree'), join(dir, each), each, 1_700_000_000);
    const forms = [...COMPRESSIONS, 'tmpfs'];
    const measured = new Map<string, [number, number][]>(forms.map((form) => [form, []]));
    for (let round = 0; round < Number(options.runs); round++)
      for (const form of forms) measured.get(form)?.push(await coldAndWarm(form));
    const lib = join(dir, 'tree', PROGRAM, '..');
    const plain = readdirSync(lib).reduce((sum, name) => sum + statSync(join(lib, name)).size, 0);
    const rows = forms.map((form) => {
      const all = measured.get(form) ?? [];
      const bytes = form === 'tmpfs' ? plain : statSync(join(dir, form)).size;
      return { form, bytes, coldMs: median(all.map(([cold]) => cold)), warmMs: median(all.map(([, warm]) => warm)) };
    });
    const gzip = rows[0]?.coldMs ?? Number.NaN;
    const lines = rows.map(
      ({ form, bytes, coldMs, warmMs }) =>
        `${form.padEnd(6)} ${(bytes / 1e6).toFixed(1).padStart(7)} ${coldMs.toFixed(0).padStart(8)} ${warmMs.toFixed(0).padStart(8)} ${(coldMs / gzip).toFixed(2).padStart(6)}\n`,
    );
    process.stdout.write(
      options.json
        ? `${JSON.stringify(rows)}\n`
        : `           MB  cold ms  warm ms  ratio\n${lines.join('')}medians of ${options.runs}; ratio: cold, to gzip\n`,
    );
  } finally {
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

if (options.inside) await main();
else {
  // mounts that nobody else sees, and that are gone with this process
  const argv = ['--mount', process.execPath, process.argv[1] ?? '', ...process.argv.slice(2), '--inside'];
  process.exitCode = spawnSync('unshare', argv, { stdio: 'inherit' }).status ?? 1;
}
