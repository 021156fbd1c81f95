import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { connect } from 'node:tls';
import { test } from 'node:test';
import { tlsWords } from '../../../../../agent/servers/ironic/conductor/listen-for-conductor.ts';
import { met, TOKEN } from '../../../../helpers/ironic-conductor.ts';

test('the stricter of server and kernel line counts, and words that cannot be obeyed are refused', () => {
  const ciphers = undefined;
  assert.deepEqual(tlsWords({}, 'TLSv1.2'), { minVersion: 'TLSv1.2', ciphers });
  assert.deepEqual(tlsWords({ tls_min_version: '1.3' }, 'TLSv1.2'), { minVersion: 'TLSv1.3', ciphers });
  assert.deepEqual(tlsWords({ tls_min_version: '1.2' }, 'TLSv1.3'), { minVersion: 'TLSv1.3', ciphers });
  assert.deepEqual(tlsWords({ tls_cipher_suites: 'A-SHA384, B-SHA256' }, 'TLSv1.2').ciphers, 'A-SHA384:B-SHA256');
  for (const config of [{ tls_min_version: '1.1' }, { tls_min_version: 1.3 }, { tls_cipher_suites: 7 }]) {
    assert.throws(() => tlsWords(config, 'TLSv1.2'), { code: 'RAZOR_MK_REPLY' }, JSON.stringify(config));
  }
});

test('a server that asks for TLS 1.3 gets a node that speaks nothing older', async (t) => {
  const { agent } = await met(t, (url) => `ipa-api-url=${url}`, { config: { tls_min_version: '1.3' } });
  await agent.until('heartbeat');
  const { hostname, port } = new URL(agent.callback ?? '');
  const old = connect({ host: hostname, port: Number(port), maxVersion: 'TLSv1.2', rejectUnauthorized: false });
  t.after(() => old.destroy());
  await assert.rejects(once(old, 'secureConnect'), /protocol version|alert/i);
});

test('silent connections do not lock the conductor out', async (t) => {
  const { agent } = await met(t, (url) => `ipa-api-url=${url}`);
  await agent.until('heartbeat');
  const { hostname, port } = new URL(agent.callback ?? '');
  const silent = Array.from({ length: 80 }, () => connectPlain(Number(port), hostname).on('error', () => undefined));
  t.after(() => silent.forEach((socket) => socket.destroy()));
  await Promise.all(silent.map((socket) => once(socket, 'connect')));
  const answer = await agent.call('GET', `/v1/commands/?agent_token=${TOKEN}`);
  assert.equal(answer.status, 200);
});
