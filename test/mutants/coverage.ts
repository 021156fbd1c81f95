/** Which test files execute which places of the program: V8's block coverage of each test file and of the programs it starts. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Coverage {
  /** Whether `test` executed the character at `offset` of `file`; undefined when the coverage of the test is not known. */
  executed(test: string, file: string, offset: number): boolean | undefined;
  /** Milliseconds that the test took. */
  duration(test: string): number;
}

/** A place where the counting changes: from here to the next one the code was executed, or was not. */
interface Change {
  readonly at: number;
  readonly executed: boolean;
  /** Outside of all functions: only the first test of a process that loads the file executes it, and all others use it. */
  readonly top: boolean;
}

/** What a test left behind: the directory of its coverage, and the milliseconds it took. */
export interface Traces {
  readonly directory: string;
  readonly durationMs: number;
}

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
}

type FilesOfTest = ReadonlyMap<string, readonly (readonly Change[])[]>;

/** Coverage out of the directories of NODE_V8_COVERAGE, one a test; the files are those below `tree`. The directories are removed. */
export function readCoverage(tree: string, traces: ReadonlyMap<string, Traces>): Coverage {
  const tests = new Map<string, FilesOfTest>();
  for (const [test, { directory }] of traces) {
    tests.set(test, readDirectory(tree, directory));
    rmSync(directory, { recursive: true, force: true });
  }
  return {
    executed(test, file, offset) {
      const files = tests.get(test);
      if (files === undefined || files.size === 0) return undefined;
      if ((files.get(file) ?? []).some((changes) => changeAt(changes, offset)?.executed)) return true;
      return [...tests.values()].some((others) =>
        others.get(file)?.some((changes) => isTop(changeAt(changes, offset))),
      );
    },
    duration: (test) => traces.get(test)?.durationMs ?? 0,
  };
}

function isTop(change: Change | undefined): boolean {
  return change?.top === true && change.executed;
}

function readDirectory(tree: string, directory: string): FilesOfTest {
  const files = new Map<string, (readonly Change[])[]>();
  for (const name of readdirSync(directory)) {
    const { result } = JSON.parse(readFileSync(join(directory, name), 'utf8')) as { result: ScriptCoverage[] };
    for (const script of result) {
      if (!script.url.startsWith('file://')) continue;
      const path = fileURLToPath(script.url);
      if (!path.startsWith(`${tree}/`)) continue;
      const file = path.slice(tree.length + 1);
      files.set(file, [...(files.get(file) ?? []), changesOf(script)]);
    }
  }
  return files;
}

/** The nested ranges of one process as one row of changes: the innermost range decides. */
export function changesOf(script: ScriptCoverage): Change[] {
  const ranges = script.functions.flatMap((one) =>
    one.ranges.map((range) => ({ ...range, top: isModule(one.ranges) })),
  );
  // an outer range comes before the inner ones that begin at the same place
  const sorted = ranges.toSorted((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  const changes: Change[] = [];
  const open: (typeof sorted)[number][] = [];
  const close = (before: number): void => {
    for (let last = open.at(-1); last !== undefined && last.endOffset <= before; last = open.at(-1)) {
      open.pop();
      const outer = open.at(-1);
      changes.push({ at: last.endOffset, executed: (outer?.count ?? 0) > 0, top: outer?.top ?? false });
    }
  };
  for (const range of sorted) {
    close(range.startOffset);
    changes.push({ at: range.startOffset, executed: range.count > 0, top: range.top });
    open.push(range);
  }
  close(Infinity);
  return changes;
}

/** V8 counts the text of a module as a function that begins at its first character. */
function isModule([whole]: readonly Range[]): boolean {
  return whole?.startOffset === 0;
}

function changeAt(changes: readonly Change[], offset: number): Change | undefined {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((changes[middle] as Change).at <= offset) low = middle + 1;
    else high = middle;
  }
  return changes[low - 1];
}
