/** The one place where tests get directories from: nothing of a test run stays in /tmp (eslint.config.js holds it). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

const made = new Set<string>();

function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}

/**
 * An empty directory, removed after the test `t`. Without `t` it belongs to the whole file (`const dir = temporaryDirectory();`
 * at its head) and is removed when the file's process ends, which no failure can skip.
 */
export function temporaryDirectory(t?: Pick<TestContext, 'after'>): string {
  if (made.size === 0) process.once('exit', () => made.forEach(remove));
  const directory = mkdtempSync(join(tmpdir(), 'razor-mk-test-'));
  made.add(directory);
  t?.after(() => remove(directory));
  return directory;
}
