import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog, isAtLeast, silentLog } from '../../../platform/log/log.ts';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly part?: string;
}

function collected(options: Parameters<typeof createLog>[0] = {}) {
  const json: Line[] = [];
  const people: string[] = [];
  const log = createLog({
    json: { write: (line: string) => void json.push(JSON.parse(line) as Line) },
    people: (line, level) => void people.push(`${level}: ${line}`),
    ...options,
  });
  return { log, json, people };
}

test('lines go to machines and to people from the level on, which can be changed for all parts at once', () => {
  const { log, json, people } = collected();
  const part = log.child('disk');
  log.debug('hidden');
  part.info('seen');
  log.setLevel('debug');
  part.debug('seen too');
  log.setLevel('error');
  log.warn('hidden');
  log.error('last');
  assert.deepEqual(people, ['info: disk: seen', 'debug: disk: seen too', 'error: last']);
  assert.deepEqual(
    json.map(({ level, msg, part: name }) => [level, msg, name]),
    [
      [30, 'seen', 'disk'],
      [20, 'seen too', 'disk'],
      [50, 'last', undefined],
    ],
  );
});

test('people may have a level of their own, which stays', () => {
  const { log, json, people } = collected({ peopleLevel: 'warn' });
  log.info('for machines');
  log.setLevel('debug');
  log.info('for machines too');
  log.warn('for both');
  assert.deepEqual(people, ['warn: for both']);
  assert.equal(json.length, 3);
});

test('secrets are taken out of the text and of the fields, and the time is written as text', () => {
  const { log, json, people } = collected();
  log.info('sent token=hunter2', { password: 'hunter2', nested: { api_token: 'hunter2' }, size: 7 });
  assert.doesNotMatch(JSON.stringify([json, people]), /hunter2/);
  assert.equal((json[0] as unknown as { size: number }).size, 7);
  assert.match((json[0] as unknown as { time: string }).time, /^\d{4}-\d\d-\d\dT/);
});

test('levels are in order, and a log without sinks takes everything', () => {
  const levels = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
  for (const [index, level] of levels.entries())
    for (const [other, least] of levels.entries())
      assert.equal(isAtLeast(level, least), index >= other, `${level} ${least}`);
  silentLog.child('x').error('nobody reads this', { a: 1 });
});
