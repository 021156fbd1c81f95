import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsOwnProcess, testGroups } from './test-groups.ts';

test('a file that touches the state of its process, or starts whole programs, has a process of its own', () => {
  for (const text of [
    `t.${'mock'}.timers.enable()`,
    `process${'.env'}['PATH']`,
    `process${'.umask'}(0o22)`,
    `import { startAgent } from '../helpers/${'agent'}-process.ts'`,
    `// own ${'process'}: it counts garbage collections`,
  ]) {
    assert.equal(needsOwnProcess(text), true, text);
  }
  assert.equal(needsOwnProcess("import { run } from '../platform/process/run.ts'; const mocked = environment"), false);
});

test('the files of the agent share a process, those of all others another; what nobody has is left out', () => {
  const texts: Record<string, string> = {
    'test/agent/a.test.ts': '',
    'test/facts/b.test.ts': '',
    'test/lab/c.test.ts': `process${'.env'}`,
  };
  const groups = (paths: readonly string[]): unknown => testGroups(paths, (path) => texts[path] ?? '');
  assert.deepEqual(groups(Object.keys(texts)), {
    shared: [['test/agent/a.test.ts'], ['test/facts/b.test.ts']],
    apart: ['test/lab/c.test.ts'],
  });
  assert.deepEqual(groups(['test/lab/c.test.ts']), { shared: [], apart: ['test/lab/c.test.ts'] });
});
