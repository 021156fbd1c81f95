import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../../../platform/log/log.ts';
import { redact, redactText } from '../../../platform/log/redact.ts';

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

test('secrets are found in quotes, headers, YAML, arguments, URLs without a password, numbers and PEM', () => {
  const told = redactText(
    [
      'quiet "razor.token=hush a b" own="x" pw=hush wifi_psk=hush pass="hush hush" ipmi_passphrase=\'hush hush\' end',
      'X-Auth-Token: hush hush',
      'password: hush',
      'mk_own_token: "hush" -> "hush"',
      'Set-Cookie: a=hush; b=hush',
      'curl --token hush --token-file /etc/t https://hush@10.0.0.1/a https://a:hu@hush@10.0.0.2/b?x=1',
      '{"api_key":7057,"token":"hush","left":1}',
      '-----BEGIN EC PRIVATE KEY-----\nhush\nhush\n-----END EC PRIVATE KEY-----',
    ].join('\n'),
  );
  assert.doesNotMatch(told, /hush|7057/);
  for (const kept of ['quiet', 'own="x"', ' end', '/etc/t', '10.0.0.1/a', '10.0.0.2/b?x=1', '"left":1'])
    assert.ok(told.includes(kept), `${kept} in ${told}`);
});

test('sentences that only speak of keys and tokens are left alone', () => {
  for (const text of [
    'client key: there is no file /etc/key.pem',
    'token: /etc/token is empty',
    'GET http://10.0.0.1:8026/x: connection refused',
    'name it with --token-file (or --tls-key FILE)',
    'the certificate has the SHA-256 fingerprint 00ff, which is not pinned',
  ])
    assert.equal(redactText(text), text);
});

test('fields of a log line lose the secrets inside their texts too', () => {
  assert.deepEqual(redact({ url: 'http://bob:hush@10.0.0.1/', list: ['token=hush'] }), {
    url: 'http://[redacted]@10.0.0.1/',
    list: ['token=[redacted]'],
  });
});

test('a long text of the worst kind is read in one go', { timeout: 5000 }, () => {
  for (const piece of ['a.', '--', 'a://', '"token=', "token='", '-----BEGIN A', 'tokentoken'])
    redactText(`${piece.repeat(40_000)}=`);
});

test('each kind of secret is found when it stands alone in a line', () => {
  const names =
    'key token secret password passwd passphrase passcode rootpw pwd psk cookie authorization credential pass pw';
  for (const name of names.split(' ')) {
    for (const text of [`a_${name}=hush`, `A.${name.toUpperCase()} = "hush"`, `{"a_${name}": "hush"}`])
      assert.doesNotMatch(redactText(text), /hush/, text);
  }
  for (const text of ['Bearer hushhush', 'Basic hushhush', 'http://hush@h/', 'x://a:hush@h', '--token hush'])
    assert.doesNotMatch(redactText(text), /hush/, text);
});
