/** How long functions are: what a reader must hold in mind at once. */
import ts from 'typescript';
import type { SourceFile } from './source-files.ts';

export interface MeasuredFunction {
  readonly path: string;
  /** Line of its first word, from 1. */
  readonly line: number;
  readonly name: string;
  /** From its first line to its last, both counted. */
  readonly lines: number;
}

function nameOf(node: ts.SignatureDeclaration): string {
  if (node.name !== undefined) return node.name.getText();
  const { parent } = node;
  if (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)) return parent.name.getText();
  return '(anonymous)';
}

/** Every function, method and arrow function of a file, those within others too. */
export function functionsOf({ path, tree }: SourceFile): readonly MeasuredFunction[] {
  const found: MeasuredFunction[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) {
      const first = tree.getLineAndCharacterOfPosition(node.getStart()).line;
      const last = tree.getLineAndCharacterOfPosition(node.getEnd()).line;
      found.push({ path, line: first + 1, name: nameOf(node), lines: last - first + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}
