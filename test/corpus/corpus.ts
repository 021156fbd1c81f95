/** What a part of the corpus measures, and where the reference data lies. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { extract } from 'tar-stream';
import type { Sources } from '../../facts/facts.ts';
import { madeUpSources } from '../helpers/memory-origin.ts';

/** One line of the table: how many (name, value) pairs agree with an oracle. */
export interface CorpusResult {
  /** `facter`, `lshw` … */
  readonly part: string;
  readonly subject: string;
  readonly agree: number;
  readonly total: number;
  /** agree / total; 1 where nothing was measured. */
  readonly share: number;
  /** The share below which `npm run test:corpus` fails. */
  readonly wanted: number;
  /** Every pair that differs, in words. */
  readonly differences: readonly string[];
}

/** Reference recordings beside the repository; undefined where somebody has only the repository. */
export function corpusRoot(): string | undefined {
  const root = join(import.meta.dirname, '../../../shared/data/hardware');
  const fromWorktree = join(import.meta.dirname, '../../../../shared/data/hardware');
  return [root, fromWorktree].find((path) => existsSync(path));
}

/** Compares what the oracle says, name by name. `known` gives the reason of a difference that is meant. */
export function compare(
  wanted: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, string>>,
  label: string,
  ignore: (name: string) => boolean,
): { agree: number; total: number; differences: string[] } {
  const differences: string[] = [];
  let agree = 0;
  let total = 0;
  for (const [name, value] of Object.entries(wanted)) {
    if (ignore(name)) continue;
    total += 1;
    if (String(value) === given[name]) agree += 1;
    else differences.push(`${label}: ${name}: oracle ${JSON.stringify(value)}, ours ${JSON.stringify(given[name])}`);
  }
  return { agree, total, differences };
}

/** Sums up. */
export function result(
  part: string,
  subject: string,
  wanted: number,
  parts: readonly { agree: number; total: number; differences: readonly string[] }[],
): CorpusResult {
  const agree = parts.reduce((sum, one) => sum + one.agree, 0);
  const total = parts.reduce((sum, one) => sum + one.total, 0);
  return {
    part,
    subject,
    agree,
    total,
    share: total === 0 ? 1 : agree / total,
    wanted,
    differences: parts.flatMap((one) => one.differences),
  };
}

/** Unpacks an archive and gives each directory that holds proc or sys to `use`; removes it afterwards. */
export async function withTree<T>(archive: string, use: (root: string, inner: string) => Promise<T>): Promise<T[]> {
  const directory = mkdtempSync(join(tmpdir(), 'razor-mk-corpus-'));
  try {
    execFileSync('tar', ['-xf', archive, '-C', directory, '--no-same-owner', '--no-same-permissions'], {
      stdio: 'ignore',
    });
    const found: T[] = [];
    for (const inner of machinesIn(directory)) found.push(await use(join(directory, inner), inner));
    return found;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function machinesIn(directory: string): string[] {
  const holds = (path: string): boolean => existsSync(join(path, 'proc')) || existsSync(join(path, 'sys'));
  if (holds(directory)) return ['.'];
  return readdirSync(directory).filter((name) => holds(join(directory, name)));
}

/** The same without writing thousands of files: each machine of an archive as a made-up one in memory. */
export async function machinesOf(archive: string): Promise<{ inner: string; sources: Sources }[]> {
  const bytes = execFileSync(archive.endsWith('.bz2') ? 'bzip2' : 'gzip', ['-dc', archive], { maxBuffer: 2 ** 30 });
  const machines = new Map<string, Record<string, string | Buffer>>();
  const tar = extract();
  tar.end(bytes);
  for await (const entry of tar) {
    const { name, type, linkname } = entry.header;
    const chunks: Buffer[] = [];
    for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
    const match = /^(?:\.\/)?(?:(?!proc\/|sys\/|run\/|etc\/)([^/]+)\/)?((?:proc|sys|run|etc)\/.+)$/.exec(name);
    if (!match) continue;
    const files = machines.get(match[1] ?? '.') ?? {};
    machines.set(match[1] ?? '.', files);
    const path = `/${match[2] as string}`;
    if (type === 'symlink') files[path.replace(/\/$/, '')] = `-> ${linkname ?? ''}`;
    else if (type === 'directory') files[`${path.replace(/\/$/, '')}/`] = '';
    else files[path] = Buffer.concat(chunks);
  }
  return [...machines].map(([inner, files]) => ({ inner, sources: madeUpSources({ files }) }));
}
