/** The product's source files as syntax trees, for the measures of scripts/house.ts. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

export interface SourceFile {
  /** Relative to the project: `agent/loop/turn.ts`. */
  readonly path: string;
  readonly lines: number;
  readonly tree: ts.SourceFile;
}

const PRODUCT = ['agent', 'facts', 'lab', 'packaging', 'platform', 'tinycore', 'scripts'];

/** Every TypeScript file that git tracks, or would track, below the given folders; sorted. */
export function readSources(root: string, folders: readonly string[] = PRODUCT): readonly SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...folders], {
    cwd: root,
    encoding: 'utf8',
  });
  const paths = [...new Set(listed.split('\n'))].filter((path) => path.endsWith('.ts')).sort();
  return paths.flatMap((path) => {
    let text: string;
    try {
      text = readFileSync(join(root, path), 'utf8');
    } catch {
      return []; // removed, and the removal is not committed yet
    }
    const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    return [{ path, lines: text.split('\n').length - 1, tree }];
  });
}

/** The folder at the top: `agent` of `agent/loop/turn.ts`. */
export function topRoom(path: string): string {
  return path.slice(0, path.indexOf('/'));
}
