/** The size budget: what the executable costs on the wire to every node that boots. */
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { readCapped, replaceFile } from '../../platform/files.ts';
import type { Arch } from '../project-paths.ts';
import { tool } from '../tools.ts';

/** Bytes that the executable may have when compressed by xz (docs/packaging.md says what takes them). */
export const BUDGET_BYTES = 19_900_000;
/** The same where ICU's data are whole, since the build machine has no icupkg. */
export const BUDGET_WITH_WHOLE_ICU = 27_750_000;

const MIB = 1024 * 1024;
/**
 * Where the executable is cut. xz files may be joined, so the sum is the size of a real .xz file; and all but the head
 * and the tail is Node, the same in every build, whose size is remembered.
 */
const CUTS = [0, 64 * 1024, 56 * MIB, 100 * MIB];

/** The instruction filter and the weakest preset that reaches the size of `-9` (measured: docs/packaging.md). */
function xzOptions(arch: Arch): string[] {
  return [
    '--stdout',
    '--format=xz',
    '--threads=1',
    arch === 'x64' ? '--x86' : '--arm64',
    '--lzma2=preset=4,dict=32MiB',
  ];
}

/** The SHA-256 of a file, in hexadecimal digits; read piece by piece. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Bytes of `path` compressed by xz. `cache` remembers the size of each piece by its hash. */
export async function compressedSize(path: string, arch: Arch, cache: string): Promise<number> {
  mkdirSync(cache, { recursive: true });
  const file = readFileSync(path);
  const pieces = CUTS.map((cut, index) => file.subarray(cut, CUTS[index + 1])).filter((piece) => piece.length > 0);
  const options = xzOptions(arch);
  const sizes = await Promise.all(
    pieces.map(async (piece) => {
      const key = createHash('sha256').update(options.join(' ')).update(piece).digest('hex');
      const memo = join(cache, `xz-${key}`);
      const known = Number((await readCapped(memo, 32))?.toString('utf8') ?? Number.NaN);
      if (Number.isSafeInteger(known) && known > 0) return known;
      const { stdout } = await tool(['xz', ...options], { input: piece, outputLimit: 200 * MIB });
      replaceFile(memo, `${stdout.length}\n`);
      return stdout.length;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Throws RAZOR_MK_BUDGET where the size is over the budget. */
export function checkBudget(bytes: number, budget = BUDGET_BYTES): void {
  if (bytes <= budget) return;
  throw new RazorMkError(
    'RAZOR_MK_BUDGET',
    `the executable is ${bytes.toLocaleString('en')} bytes compressed; the budget is ${budget.toLocaleString('en')}`,
  );
}
