/** The node's port is open to a whole network: what somebody sends who is no conductor. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { conducted, TOKEN } from '../../../helpers/ironic-conductor.ts';

const LONG = 'x'.repeat(70_000);
const NASTY: readonly (readonly [what: string, request: string, status: number | undefined])[] = [
  ['a path that is no URL', 'GET //:%zz? HTTP/1.1\r\nHost: x\r\n\r\n', 404],
  ['a query that is none', 'GET /v1/commands?%zz=%&&=&agent_token=%00 HTTP/1.1\r\nHost: x\r\n\r\n', 401],
  ['another method', 'DELETE /v1/commands HTTP/1.1\r\nHost: x\r\n\r\n', 405],
  ['headers without end', `GET / HTTP/1.1\r\nHost: x\r\nA: ${LONG}\r\n\r\n`, 431],
  ['no HTTP at all', '\0\u0001\u0002 nonsense\r\n\r\n', 400],
  [
    'a body that never comes',
    'POST /v1/commands?agent_token=no HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n',
    401,
  ],
];

test('whoever is no conductor is refused, and the conductor is served after it', { timeout: 30_000 }, async (t) => {
  const { agent, order, post } = await conducted(t);
  const { port } = new URL(agent.callback ?? '');
  for (const [what, request, status] of NASTY) {
    const socket = connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false });
    t.after(() => socket.destroy());
    await once(socket, 'secureConnect');
    socket.on('error', () => undefined);
    socket.write(request);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.match(answer.toString('latin1'), new RegExp(`^HTTP/1\\.1 ${status} `), what);
  }
  const plain = connectPlain(Number(port), '127.0.0.1');
  t.after(() => plain.destroy());
  plain.on('error', () => undefined).resume();
  plain.end('GET / HTTP/1.1\r\n\r\n');
  await once(plain, 'close');
  const cut = connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false });
  t.after(() => cut.destroy());
  cut.on('error', () => undefined).resume();
  await once(cut, 'secureConnect');
  cut.end(
    `POST /v1/commands?agent_token=${TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{"name":"standby.power_off"`,
  );
  await once(cut, 'close');
  const deep = `{"name":"standby.sync","params":${'{"a":'.repeat(100)}1${'}'.repeat(100)}}`;
  assert.equal((await post(deep)).status, 400);
  for (const step of [null, 5, [], { step: {} }, { step: '__proto__' }, { step: 'constructor' }]) {
    const { status, body } = await order('clean.execute_clean_step', { step, node: { uuid: 7 }, ports: 'x' });
    assert.deepEqual([status, body['command_status']], [200, 'FAILED'], JSON.stringify(step));
  }
  assert.equal((await order('constructor.toString')).status, 404);
  assert.equal((await order('poll.get_hardware_info')).body['command_status'], 'SUCCEEDED');
  assert.deepEqual(agent.system.acts, []);
});
