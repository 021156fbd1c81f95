import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { GOLDEN, machines, wholeView } from './golden.ts';

for (const [name, open] of machines()) {
  test(`everything that is known of ${name} is what was looked at and committed`, async () => {
    const expected = JSON.parse(readFileSync(join(GOLDEN, `${name}.json`), 'utf8')) as unknown;
    assert.deepEqual(JSON.parse(await wholeView(await open())), expected);
  });
}
