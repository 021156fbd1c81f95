/** Exported names: those that mean two things, those nobody uses, functions without a doc comment. */
import ts from 'typescript';
import type { SourceFile } from './source-files.ts';

interface ExportedName {
  readonly path: string;
  readonly line: number;
  readonly name: string;
  readonly kind: 'function' | 'value' | 'type';
  readonly documented: boolean;
}

function isExported(node: ts.Node): boolean {
  return ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((m) => m.kind === ts.SyntaxKind.ExportKeyword);
}

function namesOf(node: ts.Statement): readonly (readonly [string, ExportedName['kind']])[] {
  if (ts.isFunctionDeclaration(node)) return [[node.name?.text ?? '', 'function']];
  if (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return [[node.name.text, 'type']];
  if (ts.isClassDeclaration(node)) return [[node.name?.text ?? '', 'value']];
  if (!ts.isVariableStatement(node)) return [];
  return node.declarationList.declarations.map((one) => {
    const callable = one.initializer !== undefined && ts.isArrowFunction(one.initializer);
    return [one.name.getText(), callable ? 'function' : 'value'];
  });
}

/** The names that a file declares and exports. */
export function exportsOf({ path, tree }: SourceFile): readonly ExportedName[] {
  return tree.statements.filter(isExported).flatMap((node) => {
    const line = tree.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    const documented = (ts.getLeadingCommentRanges(tree.text, node.getFullStart()) ?? []).some(({ pos }) =>
      tree.text.startsWith('/**', pos),
    );
    return namesOf(node).map(([name, kind]) => ({ path, line, name, kind, documented }));
  });
}

/** Names that more than one file exports: `[name, paths]`. `verb` is one by rule: every verb's file exports its own. */
export function sharedNames(all: readonly ExportedName[]): readonly (readonly [string, readonly string[]])[] {
  const paths = Map.groupBy(all, ({ name }) => name);
  return [...paths]
    .filter(([name, places]) => name !== 'verb' && new Set(places.map(({ path }) => path)).size > 1)
    .map(([name, places]) => [name, places.map(({ path }) => path)] as const);
}

/** Exports that no other file of `users` mentions by name. */
export function unusedExports(all: readonly ExportedName[], users: readonly SourceFile[]): readonly ExportedName[] {
  const words = new Map<string, Set<string>>();
  for (const { path, tree } of users) {
    for (const word of tree.text.match(/[A-Za-z_$][\w$]*/g) ?? []) {
      const places = words.get(word) ?? new Set();
      words.set(word, places.add(path));
    }
  }
  return all.filter(({ name, path }) => [...(words.get(name) ?? [])].every((place) => place === path));
}
