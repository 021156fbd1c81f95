import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { GOLDEN, machines, wholeView } from './golden.ts';

// own process: names of PCI devices come from the list that was opened first in the process, and here that must be ours

/** The values that differ, as `path: expected -> found`. */
function differences(found: unknown, expected: unknown, path = ''): string[] {
  if (typeof found !== 'object' || typeof expected !== 'object' || found === null || expected === null)
    return found === expected ? [] : [`${path}: ${JSON.stringify(expected)} -> ${JSON.stringify(found)}`];
  const names = new Set([...Object.keys(expected), ...Object.keys(found)]);
  return [...names].flatMap((name) =>
    differences((found as Values)[name], (expected as Values)[name], `${path}/${name}`),
  );
}

type Values = Readonly<Record<string, unknown>>;

for (const [name, open] of machines()) {
  test(`everything that is known of ${name} is what was looked at and committed`, async () => {
    const expected = JSON.parse(readFileSync(join(GOLDEN, `${name}.json`), 'utf8')) as unknown;
    const written = `run node test/facts/golden/golden.ts, and look at what changed in ${name}.json`;
    const differ = differences(JSON.parse(await wholeView(await open())), expected);
    assert.deepEqual(differ, [], written);
  });
}
