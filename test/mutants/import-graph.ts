/** Which test files reach a source file, nearest first: computed from the imports, and from the paths of programs that tests start. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';

export interface ImportGraph {
  /** Test files that reach `file`, the one at its mirrored path first, then by the length of the way to it. */
  testsOf(file: string): readonly string[];
  /** `file` and every file that leads to it by imports. */
  leadingTo(file: string): readonly string[];
}

/** The graph of the files `paths` (relative to `root`); `tests` are those that can kill a mutant. */
export function importGraph(root: string, paths: readonly string[], tests: readonly string[]): ImportGraph {
  const known = new Set(paths);
  const importers = new Map<string, Set<string>>();
  for (const path of paths) {
    for (const target of referencesOf(root, path)) {
      if (!known.has(target)) continue;
      const list = importers.get(target) ?? new Set();
      importers.set(target, list.add(path));
    }
  }
  const isTest = new Set(tests);
  return {
    leadingTo: (file) => [...distances(importers, file).keys()],
    testsOf(file) {
      const distance = distances(importers, file);
      const mirrored = join('test', file.replace(/\.ts$/, '.test.ts'));
      return [...distance.keys()]
        .filter((path) => isTest.has(path))
        .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));

      function rank(test: string): number {
        return test === mirrored ? -1 : (distance.get(test) ?? Infinity);
      }
    },
  };
}

/** Breadth first from `file` to everything that imports it, by how many imports away. */
function distances(importers: ReadonlyMap<string, ReadonlySet<string>>, file: string): Map<string, number> {
  const found = new Map([[file, 0]]);
  for (const [path, distance] of found) {
    for (const importer of importers.get(path) ?? []) {
      if (!found.has(importer)) found.set(importer, distance + 1);
    }
  }
  return found;
}

/** Imports, dynamic imports, and `new URL('../x.ts', import.meta.url)`, as paths from the root. */
function referencesOf(root: string, path: string): string[] {
  const text = readFileSync(join(root, path), 'utf8');
  const imports = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  const programs = [...text.matchAll(/new URL\('(\.[^']+\.ts)'/g)].map(([, target = '']) => target);
  return [...imports, ...programs]
    .filter((target) => target.startsWith('.'))
    .map((target) => normalize(join(dirname(path), target)))
    .filter((target) => existsSync(join(root, target)));
}
