/**
 * npm run bench:peers: the facts of the executable beside what other programs find out of the same machine, interleaved in one run:
 * processor time, processes started, memory, bytes printed. Programs that are not installed are fetched as Debian's packages and
 * unpacked into a temporary directory where that is enough (`--fetch`); the others are left out and named. Options: --runs N (5),
 * --program FILE (build/razor-mk), --json. Needs python3 and strace.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureInTurn, type Contestant } from './processor-time.ts';

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    program: { type: 'string', default: join(import.meta.dirname, '../../build/razor-mk') },
    fetch: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

interface Peer {
  readonly program: string;
  readonly words: readonly string[];
  /** Debian packages that hold it and what Debian's base has not. */
  readonly packages: readonly string[];
}

const PEERS: readonly Peer[] = [
  { program: 'facter', words: ['--json'], packages: [] },
  { program: 'lshw', words: ['-json'], packages: ['lshw'] },
  { program: 'lscpu', words: ['--json'], packages: [] },
  { program: 'dmidecode', words: [], packages: ['dmidecode'] },
  { program: 'inxi', words: ['-F', '-c', '0'], packages: ['inxi'] },
  { program: 'hwinfo', words: ['--short'], packages: ['hwinfo', 'libhd21', 'libx86emu3'] },
  { program: 'lldpctl', words: ['-f', 'json'], packages: ['lldpd'] },
  {
    program: 'ansible',
    words: ['localhost', '-m', 'setup'],
    packages: ['ansible-core', 'python3-packaging', 'python3-resolvelib'],
  },
];

const SYSTEMINFORMATION = `
import si from ${JSON.stringify(import.meta.resolve('systeminformation'))};
console.log(JSON.stringify(await Promise.all([si.system(), si.bios(), si.baseboard(), si.cpu(), si.mem(), si.osInfo(), si.diskLayout(), si.networkInterfaces()])));
`;

const root = mkdtempSync(join(tmpdir(), 'razor-mk-peers-'));

/** Unpacks packages below the temporary directory. False where apt cannot have them. */
function unpack(packages: readonly string[]): boolean {
  if (!options.fetch || packages.length === 0) return false;
  if (spawnSync('apt-get', ['download', ...packages], { cwd: root, timeout: 120_000 }).status !== 0) return false;
  const files = readdirSync(root).filter((name) => name.endsWith('.deb'));
  return files.every((file) => {
    const { status } = spawnSync('dpkg', ['-x', file, join(root, 'tree')], { cwd: root });
    rmSync(join(root, file));
    return status === 0;
  });
}

/** Where a program lies: installed, or unpacked. */
function find(program: string): string | undefined {
  const places = [
    ...(process.env['PATH'] ?? '').split(':'),
    ...['usr/bin', 'usr/sbin'].map((at) => join(root, 'tree', at)),
  ];
  return places.map((place) => join(place, program)).find((path) => existsSync(path));
}

const missing: string[] = [];

function contestantOf({ program, words, packages }: Peer): Contestant[] {
  const path = find(program) ?? (unpack(packages) ? find(program) : undefined);
  if (path === undefined) {
    missing.push(
      `${program}: not installed${options.fetch ? ', and not to be had' : ' (--fetch unpacks Debian’s package)'}`,
    );
    return [];
  }
  const unpacked = path.startsWith(root);
  const libraries = join(root, 'tree/usr/lib', 'x86_64-linux-gnu');
  const env = unpacked
    ? ['env', `LD_LIBRARY_PATH=${libraries}`, `PYTHONPATH=${join(root, 'tree/usr/lib/python3/dist-packages')}`]
    : [];
  const argv = [...env, path, ...words] as [string, ...string[]];
  const tried = spawnSync(argv[0], argv.slice(1), { timeout: 120_000, stdio: ['ignore', 'ignore', 'pipe'] });
  if (tried.status !== 0) {
    const said = tried.stderr.toString().trim().split('\n').at(-1) ?? '';
    missing.push(`${program}: ends with status ${tried.status} here: ${said.slice(0, 100)}`);
    return [];
  }
  return [{ name: [program, ...words].join(' '), argv }];
}

function main(): void {
  const script = join(root, 'systeminformation.mjs');
  writeFileSync(script, SYSTEMINFORMATION);
  const contestants: Contestant[] = [
    { name: 'razor-mk facts', argv: [options.program, 'facts'] },
    { name: 'razor-mk facts --inventory', argv: [options.program, 'facts', '--inventory'] },
    ...PEERS.flatMap(contestantOf),
    { name: 'systeminformation, eight functions', argv: [process.execPath, script] },
  ];
  const rows = measureInTurn(contestants, Number(options.runs), true);
  if (options.json) return void console.log(JSON.stringify({ runs: Number(options.runs), rows, missing }));
  const base = rows[0]?.cpuMs ?? NaN;
  console.log('| program | processor, ms | times ours | processes started | MiB | bytes |\n|---|---|---|---|---|---|');
  for (const { name, cpuMs, processes, mib, bytes } of rows)
    console.log(
      `| ${name} | ${cpuMs.toFixed(0)} | ${(cpuMs / base).toFixed(1)} | ${processes} | ${mib.toFixed(0)} | ${bytes} |`,
    );
  for (const text of missing) console.log(`left out: ${text}`);
}

try {
  main();
} finally {
  rmSync(root, { recursive: true, force: true });
}
