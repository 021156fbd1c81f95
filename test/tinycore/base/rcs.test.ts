import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const SCRIPT = join(import.meta.dirname, '../../../tinycore/base/etc/init.d/rcS');

test('random numbers are waited for from the moment that their device is there, in the background and behind the drivers', () => {
  const lines = readFileSync(SCRIPT, 'utf8').split('\n');
  const at = (pattern: RegExp): number => lines.findIndex((line) => pattern.test(line));
  const waits = at(/^head -c 1 \/dev\/random >\/dev\/null &$/);
  assert.ok(waits > at(/^mount -t devtmpfs /), 'not before the device is there');
  assert.ok(waits < at(/^exec .*tc-config$/), 'not after the drivers');
});
