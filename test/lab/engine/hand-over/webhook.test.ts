import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { newWebhookSecret, WEBHOOK_SECRET, webhookHeaders } from '../../../../lab/engine/hand-over/webhook.ts';

test('a delivery is signed as Standard Webhooks writes it: their own example', () => {
  const delivery = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, body: '{"test": 2432232314}' };
  assert.deepEqual(webhookHeaders(delivery, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'), {
    'webhook-id': delivery.id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
  assert.deepEqual(Object.keys(webhookHeaders(delivery, undefined)), ['webhook-id', 'webhook-timestamp']);
});

test('a new secret has 32 bytes, and signs with those, not with its text', () => {
  const secret = newWebhookSecret();
  assert.match(secret, WEBHOOK_SECRET);
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  assert.equal(key.length, 32);
  const expected = createHmac('sha256', key).update('i.1.b').digest('base64');
  assert.equal(webhookHeaders({ id: 'i', timestamp: 1, body: 'b' }, secret)['webhook-signature'], `v1,${expected}`);
  for (const wrong of ['', 'whsec_', 'sesame', 'whsec_c2hvcnQ=', `${secret} `])
    assert.doesNotMatch(wrong, WEBHOOK_SECRET);
});

test('the receiver in the documentation takes what is signed, and nothing else', () => {
  const page = readFileSync(new URL('../../../../docs/lab.md', import.meta.url), 'utf8');
  const [, receiver] = /```python\n([^]*?)```/.exec(page) ?? [];
  assert.ok(receiver);
  const secret = newWebhookSecret();
  const delivery = { id: 'i', timestamp: Math.floor(Date.now() / 1000), body: '{"node": "ä"}' };
  const headers = webhookHeaders(delivery, secret);
  const old = { ...delivery, timestamp: delivery.timestamp - 1000 };
  const calls = [
    [secret, headers, delivery.body],
    [newWebhookSecret(), headers, delivery.body],
    [secret, headers, `${delivery.body} `],
    [secret, { ...headers, 'webhook-id': 'j' }, delivery.body],
    [secret, webhookHeaders(old, secret), old.body],
  ];
  const main =
    'import json, sys\nprint([verify(secret, headers, body.encode()) for secret, headers, body in json.load(sys.stdin)])';
  const said = execFileSync('python3', ['-c', `${receiver}\n${main}`], { input: JSON.stringify(calls) });
  assert.equal(said.toString().trim(), '[True, False, False, False, False]');
});
