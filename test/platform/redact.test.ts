import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../../platform/log.ts';
import { redact, redactText } from '../../platform/redact.ts';

test('fields with a secret’s name are replaced at any depth', () => {
  assert.deepEqual(redact({ deployment_key: 'x', a: [{ agent_token: 'y', keyboard: 'z' }] }), {
    deployment_key: '[redacted]',
    a: [{ agent_token: '[redacted]', keyboard: 'z' }],
  });
});

test('a kernel command line loses its secrets and nothing else', () => {
  assert.equal(
    redactText('quiet deployment_key=ABC ipa-agent-token=DEF razor.ip=10.0.0.1'),
    'quiet deployment_key=[redacted] ipa-agent-token=[redacted] razor.ip=10.0.0.1',
  );
});

test('a log never writes a secret, neither as JSON nor for people', () => {
  const json: string[] = [];
  const people: string[] = [];
  const log = createLog({
    json: { write: (line: string) => void json.push(line) },
    people: (line) => people.push(line),
  });
  log.child('http').info('sent', { headers: { authorization: 'Bearer hush' } });
  assert.doesNotMatch(json.join() + people.join(), /hush/);
  assert.equal((JSON.parse(json[0] ?? '') as { part: string }).part, 'http');
});

test('secrets inside a message are replaced in every form that the wire has', () => {
  const people: string[] = [];
  const log = createLog({ people: (line) => people.push(line) });
  log.info(
    'GET http://bob:hush@10.0.0.1/x?token=hush1 with Authorization: Bearer hush2.abc and {"agent_token": "hu\\"sh"}',
  );
  assert.doesNotMatch(people.join(), /hush|hu\\"sh/);
  assert.match(people.join(), /10\.0\.0\.1/);
});
