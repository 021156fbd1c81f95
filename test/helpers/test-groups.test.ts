import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsOwnProcess, testGroups } from './test-groups.ts';

const OWN = [
  `t.${'mock'}.timers.enable()`,
  `process${'.env'}['TZ'] = 'Europe/Berlin'`,
  `process${'.env'}.TZ ??= 'UTC'`,
  `delete ${'process'}.env['TZ']`,
  `process${'.umask'}(0o22)`,
  `process${'.stdout'}.write = take`,
  `// own ${'process'}: it counts garbage collections`,
];
const PROGRAMS = [
  `const agent = await agent${'Process'}(['--server', url])`,
  `spawn(process${'.execPath'}, [file])`,
  `startDaemon([...RAZOR${'_MK'}, 'lab'])`,
];
const PLAIN = [
  "import { run } from '../platform/process/run.ts'; const mocked = environment",
  `const path = process${'.env'}['PATH'] === '' ? t.${'mock'}.fn() : undefined`,
  `import { register } from '../helpers/lab-${'process'}.ts'; throw RAZOR${'_MK'}_USAGE`,
];

test('a file that changes the state of its process, or starts whole programs, stays apart from the others', () => {
  for (const text of [...OWN, ...PROGRAMS]) assert.equal(needsOwnProcess(text), true, text);
  for (const text of PLAIN) assert.equal(needsOwnProcess(text), false, text);
});

test('agent, others, and the programs of both share a process each; what nobody has is left out', () => {
  const texts: Record<string, string> = {
    'test/agent/a.test.ts': PLAIN[0] ?? '',
    'test/facts/b.test.ts': PLAIN[1] ?? '',
    'test/lab/c.test.ts': OWN[0] ?? '',
    'test/agent/d.test.ts': PROGRAMS[0] ?? '',
    'test/lab/e.test.ts': PROGRAMS[1] ?? '',
    'test/lab/f.test.ts': PLAIN[2] ?? '',
  };
  const groups = (paths: readonly string[]): unknown => testGroups(paths, (path) => texts[path] ?? '');
  assert.deepEqual(groups(Object.keys(texts)), {
    shared: [
      ['test/agent/a.test.ts'],
      ['test/facts/b.test.ts', 'test/lab/f.test.ts'],
      ['test/agent/d.test.ts'],
      ['test/lab/e.test.ts'],
    ],
    apart: ['test/lab/c.test.ts'],
  });
  assert.deepEqual(groups(['test/lab/c.test.ts']), { shared: [], apart: ['test/lab/c.test.ts'] });
});
