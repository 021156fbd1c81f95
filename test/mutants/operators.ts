/** The mutation operators: each small change of a source file that a test should notice. Pure, on TypeScript's syntax tree. */
import ts from 'typescript';

export interface Mutant {
  readonly file: string;
  /** Characters of the file that are replaced. */
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  readonly operator: string;
}

interface Edit {
  readonly node: ts.Node;
  readonly replacement: string;
  readonly operator: string;
}

type Operator = (node: ts.Node, source: ts.SourceFile) => readonly Edit[];

const BOUNDARIES: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.LessThanToken, '<='],
  [ts.SyntaxKind.LessThanEqualsToken, '<'],
  [ts.SyntaxKind.GreaterThanToken, '>='],
  [ts.SyntaxKind.GreaterThanEqualsToken, '>'],
]);
const EQUALITIES: ReadonlyMap<ts.SyntaxKind, string> = new Map([
  [ts.SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, '==='],
]);
/** Units by their literal: bytes of a KiB and a sector, milliseconds, seconds of a minute, an hour, a day. */
const UNITS: Readonly<Record<string, string>> = {
  1024: '1000',
  1000: '1',
  512: '1024',
  60: '1',
  3600: '60',
  86400: '3600',
};
/** Calls whose absence nothing but a log or the life of the process shows. */
const UNSEEN_CALLS = /(^|\.)(log|logger)\??\.\w+\(|\.(unref|ref|setMaxListeners)\(|console\./;

const comparison: Operator = (node) => {
  if (!ts.isBinaryExpression(node)) return [];
  const { kind } = node.operatorToken;
  const boundary = BOUNDARIES.get(kind);
  if (boundary !== undefined) return [{ node: node.operatorToken, replacement: boundary, operator: 'boundary' }];
  const equality = EQUALITIES.get(kind);
  return equality === undefined ? [] : [{ node: node.operatorToken, replacement: equality, operator: 'equality' }];
};

/** `a && b` and `a || b` lose their second half; a default that only pleases the type checker (`match[1] ?? ''`) stays. */
const secondHalf: Operator = (node, source) => {
  if (!ts.isBinaryExpression(node)) return [];
  const { kind } = node.operatorToken;
  const left = node.left.getText(source);
  if (kind === ts.SyntaxKind.AmpersandAmpersandToken || kind === ts.SyntaxKind.BarBarToken) {
    return [{ node, replacement: left, operator: 'condition' }];
  }
  if (kind !== ts.SyntaxKind.QuestionQuestionToken || isForTypes(node, source)) return [];
  return [{ node, replacement: left, operator: 'default' }];
};

function isForTypes(node: ts.BinaryExpression, source: ts.SourceFile): boolean {
  const empty = /^(''|""|0|-1|\[\]|\{\}|undefined|null|false)$/.test(node.right.getText(source));
  return empty && /\]$|\.(at|shift|pop|exec|match)\([^()]*\)(\?\.\[\d+\])?$/.test(node.left.getText(source));
}

const guard: Operator = (node, source) => {
  if (!ts.isIfStatement(node) || node.elseStatement !== undefined) return [];
  const then = ts.isBlock(node.thenStatement) ? node.thenStatement.statements.at(-1) : node.thenStatement;
  const leaves = then !== undefined && /^(return|continue|break|throw)\b/.test(then.getText(source));
  return leaves ? [{ node, replacement: ';', operator: 'guard removed' }] : [];
};

const statement: Operator = (node, source) => {
  if (!ts.isExpressionStatement(node)) return [];
  const text = node.getText(source);
  const { expression } = node;
  const acts = ts.isCallExpression(expression) || ts.isAwaitExpression(expression) || ts.isBinaryExpression(expression);
  if (!acts || UNSEEN_CALLS.test(text.split('\n', 1)[0] ?? '') || text.startsWith('super(')) return [];
  return [{ node, replacement: ';', operator: 'statement removed' }];
};

const literal: Operator = (node, source) => {
  if (node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword) {
    if (ts.isLiteralTypeNode(node.parent)) return [];
    const replacement = node.kind === ts.SyntaxKind.TrueKeyword ? 'false' : 'true';
    return [{ node, replacement, operator: 'boolean' }];
  }
  if (ts.isNumericLiteral(node) && !ts.isLiteralTypeNode(node.parent)) {
    const replacement = UNITS[node.getText(source).replaceAll('_', '')];
    return replacement === undefined ? [] : [{ node, replacement, operator: 'unit' }];
  }
  return [];
};

const anchor: Operator = (node, source) => {
  if (node.kind !== ts.SyntaxKind.RegularExpressionLiteral) return [];
  const text = node.getText(source);
  const edits: Edit[] = [];
  if (text.startsWith('/^')) edits.push({ node, replacement: text.replace('/^', '/'), operator: 'anchor' });
  // behind `.*`, which takes the rest of the line anyway, the anchor says nothing
  if (/[^\\]\$\/[a-z]*$/.test(text) && !/\.[*+]\)*\$\/[a-z]*$/.test(text)) {
    edits.push({ node, replacement: text.replace(/\$(\/[a-z]*)$/, '$1'), operator: 'anchor' });
  }
  return edits.filter(({ replacement }) => !replacement.startsWith('//'));
};

const call: Operator = (node, source) => {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return [];
  const { name, expression } = node.expression;
  if (/^(sort|toSorted)$/.test(name.text) && node.arguments.length === 1) {
    return [{ node, replacement: `${node.expression.getText(source)}()`, operator: 'comparator removed' }];
  }
  if (expression.getText(source) !== 'Math') return [];
  const swapped = { min: 'max', max: 'min' }[name.text];
  return swapped === undefined ? [] : [{ node: name, replacement: swapped, operator: 'min/max' }];
};

const OPERATORS: readonly Operator[] = [comparison, secondHalf, guard, statement, literal, anchor, call];

/** Every mutant of one source file, in the order of the text. */
export function mutantsOf(file: string, text: string): Mutant[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const mutants: Mutant[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node)) return;
    for (const operator of OPERATORS) {
      for (const edit of operator(node, source)) {
        const { replacement } = edit;
        mutants.push({
          file,
          start: edit.node.getStart(source),
          end: edit.node.getEnd(),
          replacement,
          operator: edit.operator,
        });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return mutants.sort((a, b) => a.start - b.start);
}
