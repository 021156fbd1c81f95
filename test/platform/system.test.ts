import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { createLog } from '../../platform/log/log.ts';
import { createSystem } from '../../platform/system.ts';

test('the dry system says what it would do and does nothing', async () => {
  const lines: string[] = [];
  const system = createSystem({ live: false, log: createLog({ people: (line) => lines.push(line) }) });
  await system.reboot('asked by the server');
  await system.run('create a file', ['touch', '/tmp/razor-mk-must-not-exist']);
  system.write('write a file', '/tmp/razor-mk-must-not-exist', 'x');
  await system.change('throw', () => {
    throw new Error('called');
  });
  assert.ok(!existsSync('/tmp/razor-mk-must-not-exist'));
  assert.match(lines[0] ?? '', /^would reboot \(asked by the server\)/);
  assert.equal(lines.length, 4);
  assert.deepEqual(
    system.changes.map((c) => c.done),
    [false, false, false, false],
  );
});
