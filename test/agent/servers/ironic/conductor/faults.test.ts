import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultOf } from '../../../../../agent/servers/ironic/conductor/faults.ts';

test('the words of an error are found in all the shapes that servers give it', () => {
  const text = (value: unknown): string => JSON.stringify(value);
  const rows: readonly [body: string, fault: string][] = [
    [text({ error_message: text({ faultcode: 'Client', faultstring: 'no node' }) }), 'no node'],
    [text({ error_message: { faultstring: 'no node' } }), 'no node'],
    [text({ error: { message: 'not found', code: 404 } }), 'not found'],
    [text({ errors: [], title: 'Conflict', detail: 'x' }), 'Conflict'],
    [text({ faultstring: '', description: 'second' }), 'second'],
    [text({ error_message: '{broken' }), '{broken'],
    [text({ error_message: '[5]' }), '[5]'],
    [text({ error_message: ' {"message":"spaced"}' }), 'spaced'],
    [text({ error_message: 'a {"message":"b"}' }), 'a {"message":"b"}'],
    [text({ message: 5, detail: 'five' }), 'five'],
    [text('plain'), 'plain'],
    [text(['a']), '["a"]'],
    ['null', 'null'],
    ['<h1>Bad</h1> gateway', 'Bad gateway'],
    ['', ''],
    ['x'.repeat(501), `${'x'.repeat(500)}…`],
  ];
  for (const [body, fault] of rows) assert.equal(faultOf(body), fault, body.slice(0, 60));
});

test('an error inside errors is looked for five deep', () => {
  const nested = (depth: number): object => (depth === 0 ? { message: 'deep' } : { error: nested(depth - 1) });
  assert.equal(faultOf(JSON.stringify(nested(3))), 'deep');
  assert.equal(faultOf(JSON.stringify(nested(4))), JSON.stringify(nested(4)));
});
