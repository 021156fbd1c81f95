/**
 * Measures the house: length of functions, size of rooms, exported names, circles of imports, mirrored tests. `node scripts/house.ts` prints
 * the figures of every room and what is over the limits; `node scripts/house.ts agent/loop lab` lists more, for these alone.
 * test/scripts/house.test.ts holds the limits.
 */
import { globSync } from 'node:fs';
import { dirname } from 'node:path';
import { circles } from './house/circles.ts';
import { exportsOf, sharedNames, unusedExports } from './house/exports.ts';
import { functionsOf, type MeasuredFunction } from './house/functions.ts';
import { mirrorsOf } from './house/mirrors.ts';
import { readSources, topRoom, type SourceFile } from './house/source-files.ts';

/** Lines of a function over which a reader loses the thread. */
const LONG_FUNCTION = 60;
const LONGEST_FUNCTION = 100;
/** Files of code in one folder over which a reader has to search. */
const FULL_ROOM = 12;

interface Measures {
  readonly functions: readonly MeasuredFunction[];
  readonly fullRooms: readonly (readonly [string, number])[];
  readonly shared: ReturnType<typeof sharedNames>;
  readonly undocumented: readonly string[];
  readonly circles: readonly (readonly string[])[];
}

/** Everything that is measured of `sources`. */
export function measure(sources: readonly SourceFile[]): Measures {
  const exported = sources.flatMap(exportsOf);
  const folders = Map.groupBy(sources, ({ path }) => dirname(path));
  return {
    functions: sources.flatMap(functionsOf).filter(({ lines }) => lines > LONG_FUNCTION),
    fullRooms: [...folders].map(([room, files]) => [room, files.length] as const).filter(([, n]) => n > FULL_ROOM),
    shared: sharedNames(exported),
    undocumented: exported
      .filter(({ kind, documented }) => kind === 'function' && !documented)
      .map(({ path, line, name }) => `${path}:${line} ${name}`),
    circles: circles(sources),
  };
}

function table(sources: readonly SourceFile[]): string {
  const rooms: (readonly [string, readonly SourceFile[]])[] = [...Map.groupBy(sources, ({ path }) => topRoom(path))];
  const rows = [...rooms, ['all', sources] as const].map(([room, files]) => {
    const lines = files.reduce((sum, file) => sum + file.lines, 0);
    const lengths = files.flatMap(functionsOf).map((one) => one.lines);
    const long = lengths.filter((n) => n > LONG_FUNCTION).length;
    const longest = lengths.filter((n) => n > LONGEST_FUNCTION).length;
    const share = ((long / lines) * 10_000).toFixed(1);
    const cells = [files.length, lines, long, share, longest].map((cell) => String(cell).padStart(9));
    return `${room.padEnd(10)}${cells.join('')}`;
  });
  const heads = ['files', 'lines', '> 60', 'per 10k', '> 100'].map((head) => head.padStart(9));
  return [`${'room'.padEnd(10)}${heads.join('')}`, ...rows].join('\n');
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `\n${title} (${lines.length})\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}

/** The program's files with logic below `root`, and those without a test at the mirrored path. */
export function measureMirrors(root: string, sources: readonly SourceFile[]): ReturnType<typeof mirrorsOf> {
  return mirrorsOf(sources, new Set(globSync('test/**/*.test.ts', { cwd: root })));
}

function report(root: string, rooms: readonly string[]): string {
  const all = readSources(root);
  const inRooms = (path: string): boolean => rooms.length === 0 || rooms.some((room) => path.startsWith(`${room}/`));
  const measures = measure(all);
  const { withLogic, missing } = measureMirrors(
    root,
    all.filter(({ path }) => inRooms(path)),
  );
  const longest = measures.functions.filter(({ path }) => inRooms(path)).sort((a, b) => b.lines - a.lines);
  const parts = [
    `${table(all.filter(({ path }) => inRooms(path)))}\n`,
    `\nfiles with logic: ${withLogic}, ${withLogic - missing.length} of them with a test at the mirrored path\n`,
    list(
      `functions over ${LONG_FUNCTION} lines`,
      longest.map(({ path, line, name, lines }) => `${String(lines).padStart(4)}  ${path}:${line} ${name}`),
    ),
    list(
      `rooms with more than ${FULL_ROOM} files`,
      measures.fullRooms.filter(([room]) => inRooms(`${room}/`)).map(([room, n]) => `${n}  ${room}`),
    ),
    list(
      'names that more than one file exports',
      measures.shared.filter(([, paths]) => paths.some(inRooms)).map(([name, paths]) => `${name}: ${paths.join(' ')}`),
    ),
    list(
      'circles of imports',
      measures.circles.filter((one) => one.some(inRooms)).map((one) => one.join(' ')),
    ),
    list('exported functions without a doc comment', measures.undocumented.filter(inRooms)),
  ];
  if (rooms.length > 0) {
    const unused = unusedExports(all.flatMap(exportsOf), [...all, ...readSources(root, ['test'])]);
    const lines = unused.filter(({ path }) => inRooms(path)).map(({ path, line, name }) => `${path}:${line} ${name}`);
    parts.push(list('exports that no other file uses', lines));
    const untested = missing.map(([path, branches]) => `${String(branches).padStart(4)}  ${path}`);
    parts.push(list('files with logic and no test at the mirrored path, by branches', untested));
  }
  return parts.join('');
}

if (import.meta.main) {
  const rooms = process.argv.slice(2).map((room) => room.replace(/\/+$/, ''));
  process.stdout.write(report(new URL('..', import.meta.url).pathname, rooms));
}
