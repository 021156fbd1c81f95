/** Circles of imports, those of types included. */
import { posix } from 'node:path';
import ts from 'typescript';
import type { SourceFile } from './source-files.ts';

/** The project's own files that a file imports when it is loaded; `import()` is left out, since it waits. */
function importsOf({ path, tree }: SourceFile): readonly string[] {
  return tree.statements.flatMap((node) => {
    if (!ts.isImportDeclaration(node) && !ts.isExportDeclaration(node)) return [];
    const from = node.moduleSpecifier;
    if (from === undefined || !ts.isStringLiteral(from) || !from.text.startsWith('.')) return [];
    return [posix.normalize(posix.join(posix.dirname(path), from.text))];
  });
}

/** Groups of files each of which reaches every other (Tarjan's strongly connected components), larger than one. */
export function circles(sources: readonly SourceFile[]): readonly (readonly string[])[] {
  const arrows = new Map(sources.map((source) => [source.path, importsOf(source)]));
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (path: string): void => {
    index.set(path, index.size);
    low.set(path, index.get(path) as number);
    stack.push(path);
    for (const next of arrows.get(path) ?? []) {
      if (!arrows.has(next)) continue;
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(path, Math.min(low.get(path) as number, low.get(next) as number));
    }
    if (low.get(path) !== index.get(path)) return;
    const group = stack.splice(stack.indexOf(path));
    if (group.length > 1) found.push(group.sort());
  };
  for (const path of arrows.keys()) if (!index.has(path)) visit(path);
  return found;
}
