/** Which files have logic, and which of these a test at the mirrored path: `agent/loop/turn.ts`, `test/agent/loop/turn.test.ts`. */
import ts from 'typescript';
import type { SourceFile } from './source-files.ts';

/** From so many places on where a program goes one way or another, a file has logic. */
const LOGIC = 5;

const BRANCHES: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.IfStatement,
  ts.SyntaxKind.ConditionalExpression,
  ts.SyntaxKind.CaseClause,
  ts.SyntaxKind.CatchClause,
  ts.SyntaxKind.ForStatement,
  ts.SyntaxKind.ForOfStatement,
  ts.SyntaxKind.WhileStatement,
]);
const CHOICES: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
]);

/** The places of a file where the program goes one way or another. */
export function branchesOf({ tree }: Pick<SourceFile, 'tree'>): number {
  let count = 0;
  const visit = (node: ts.Node): void => {
    if (BRANCHES.has(node.kind) || (ts.isBinaryExpression(node) && CHOICES.has(node.operatorToken.kind))) count += 1;
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return count;
}

export interface Mirrors {
  /** Files with logic. */
  readonly withLogic: number;
  /** Those without a test at the mirrored path, with their branches; the most first. */
  readonly missing: readonly (readonly [path: string, branches: number])[];
}

/** Compares the program's files with the tests that there are (paths from the root). */
export function mirrorsOf(sources: readonly SourceFile[], tests: ReadonlySet<string>): Mirrors {
  const logic = sources
    .map((source) => [source.path, branchesOf(source)] as const)
    .filter(([path, branches]) => !path.startsWith('scripts/') && branches >= LOGIC);
  const missing = logic.filter(([path]) => !tests.has(`test/${path.replace(/\.ts$/, '.test.ts')}`));
  return { withLogic: logic.length, missing: missing.toSorted(([, a], [, b]) => b - a) };
}
