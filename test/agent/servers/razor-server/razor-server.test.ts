import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TextReply } from '../../../../agent/http/exchange.ts';
import type { NodeReport } from '../../../../agent/servers/dialect.ts';
import { createRazorServer, parseAction } from '../../../../agent/servers/razor-server/razor-server.ts';
import type { Identity } from '../../../../facts/identity/identity-types.ts';

const UUID = '4c4c4544-0051-3610-8052-b4c04f4a4e31';

function report(
  more: Partial<Identity> = {},
  facts: Readonly<Record<string, string>> = { is_virtual: 'true' },
): NodeReport {
  const interfaces = [
    { name: 'eth1', mac: '52:54:00:aa:00:01' },
    { name: 'eth0', mac: '52:54:00:AA:00:00' },
  ];
  const identity = { interfaces, uuid: UUID, serial: 'S1', assetTag: undefined, note: undefined, ...more };
  return { identity, facts, firstCheckin: true, lastState: 'idle' };
}

const JSON_TYPE = { 'content-type': 'application/json' };
const reply = (status: number, body: unknown, headers: TextReply['headers'] = JSON_TYPE): TextReply => ({
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

/** A dialect whose server gives these answers in turn; `asked` are the requests. */
function talk(url: string, ...replies: readonly TextReply[]) {
  const asked: string[] = [];
  const switches: unknown[] = [];
  const left = [...replies];
  const dialect = createRazorServer({
    serverUrl: url,
    exchange: async (request) => {
      asked.push(`${request.method} ${request.url.replace('http://razor:8150', '')}`);
      return left.shift() ?? reply(500, '');
    },
    onSwitch: (from, to) => void switches.push([from, to]),
  });
  return { dialect, asked, switches };
}

test('an action is taken from JSON alone, and only where it can be the name of a command', () => {
  const action = (name: unknown, headers?: TextReply['headers']): unknown =>
    parseAction(reply(200, { action: name }, headers)).command;
  assert.deepEqual(action('none'), { name: 'none', param: {} });
  assert.deepEqual(action('reboot', { 'content-type': 'Application/JSON; charset=utf-8' }), {
    name: 'reboot',
    param: {},
  });
  assert.deepEqual(action(`a${'b'.repeat(63)}`), { name: `a${'b'.repeat(63)}`, param: {} });
  for (const name of ['', 'Reboot', '../x', '1x', 'a b', `a${'b'.repeat(64)}`, 5, null, undefined, 'a\n'])
    assert.throws(() => action(name), {
      code: 'RAZOR_MK_REPLY',
      message: 'the answer to the check-in names no action',
    });
  assert.throws(() => action('none', {}), { message: 'the answer is untyped, not application/json' });
  assert.throws(() => action('none', { 'content-type': 'text/html' }), {
    message: 'the answer is text/html, not application/json',
  });
  assert.throws(() => parseAction(reply(200, '{')), { code: 'RAZOR_MK_REPLY' });
  assert.equal(parseAction(reply(299, { action: 'none' }, { ...JSON_TYPE, 'razor-mk-reason': 'a%20b' })).reason, 'a b');
});

test('a refusal has the status, and the server’s words where there are any', () => {
  const refused = (status: number, body: unknown, words: string): void =>
    assert.throws(() => parseAction(reply(status, body)), {
      code: 'RAZOR_MK_REFUSED',
      message: `the server refused the check-in with HTTP ${status}${words}`,
    });
  refused(199, { action: 'none' }, '');
  refused(300, { action: 'none' }, '');
  refused(400, '', '');
  refused(404, { error: 'node 5 not found' }, ': node 5 not found');
  refused(400, { error: 'x'.repeat(401) }, `: ${'x'.repeat(400)}`);
  refused(400, { error: 5 }, '');
});

test('a check-in goes to the URL of the kernel line, with all facts and the MACs by interface name', async () => {
  const { dialect, asked } = talk('http://razor:8150/svc/checkin/7/', reply(200, { action: 'none' }));
  assert.equal((await dialect.checkin(report())).command.name, 'none');
  assert.deepEqual(asked, ['POST /svc/checkin/7']);
  const preview = dialect.previewCheckin(report());
  assert.deepEqual(JSON.parse(preview.body ?? ''), { hw_id: '525400aa0000_525400aa0001', facts: { is_virtual: true } });
  assert.deepEqual(preview.headers, { 'content-type': 'application/json', accept: 'application/json' });
  assert.deepEqual(preview.notes, []);
  assert.deepEqual([dialect.serverUrl, dialect.previewRegister(report())], ['http://razor:8150', undefined]);
});

test('without a number the server is asked for it first; without a path the usual one is taken', async () => {
  for (const url of ['http://razor:8150', 'http://razor:8150/svc/checkin', 'http://razor:8150/svc/checkin/x']) {
    const { dialect, asked, switches } = talk(url, reply(200, { id: 7 }), reply(200, { action: 'none' }));
    assert.match(dialect.previewCheckin(report()).notes[0] ?? '', /the kernel line named no node id/);
    await dialect.checkin(report());
    assert.deepEqual(asked, [
      `GET /svc/nodeid?net0=52%3A54%3A00%3Aaa%3A00%3A01&net1=52%3A54%3A00%3AAA%3A00%3A00&serial=S1&uuid=${UUID}`,
      'POST /svc/checkin/7',
    ]);
    assert.deepEqual(switches, [[undefined, '7']]);
  }
  const other = talk('http://razor:8150/x/svc/checkin/7', reply(200, { action: 'none' }));
  await other.dialect.checkin(report());
  assert.deepEqual(other.asked, ['POST /x/svc/checkin/7']);
});

test('serial numbers and UUIDs that many machines share are not told', async () => {
  const junk = { serial: 'To Be Filled By O.E.M.', uuid: '00000000-0000-0000-0000-000000000000' };
  const { dialect, asked } = talk('http://razor:8150', reply(200, { id: 7 }), reply(200, { action: 'none' }));
  await dialect.checkin(report(junk));
  assert.doesNotMatch(asked[0] ?? '', /serial|uuid/);
});

test('a node that the server has forgotten goes on under the number that the server knows', async () => {
  const url = 'http://razor:8150/svc/checkin/7';
  const moved = talk(url, reply(404, ''), reply(200, { id: 9 }), reply(200, { action: 'reboot' }));
  assert.equal((await moved.dialect.checkin(report())).command.name, 'reboot');
  assert.deepEqual(
    moved.asked.map((each) => each.replace(/\?.*/, '')),
    ['POST /svc/checkin/7', 'GET /svc/nodeid', 'POST /svc/checkin/9'],
  );
  assert.deepEqual(moved.switches, [['7', '9']]);
  const same = talk(url, reply(404, ''), reply(200, { id: 7 }));
  await assert.rejects(same.dialect.checkin(report()), { code: 'RAZOR_MK_REFUSED', message: /HTTP 404/ });
  assert.deepEqual([same.asked.length, same.switches], [2, []]);
  const other = talk(url, reply(500, ''));
  await assert.rejects(other.dialect.checkin(report()), /HTTP 500/);
  assert.equal(other.asked.length, 1);
});

test('an answer without a number is no answer', async () => {
  const ask = (answer: TextReply): Promise<unknown> => talk('http://razor:8150', answer).dialect.checkin(report());
  for (const id of [0, -1, 1.5, '7', null])
    await assert.rejects(ask(reply(200, { id })), {
      code: 'RAZOR_MK_REPLY',
      message: 'the answer of /svc/nodeid holds no id',
    });
  await assert.rejects(ask(reply(201, { id: 7 })), /refused to name our node id \(\/svc\/nodeid\) with HTTP 201$/);
  await assert.rejects(ask(reply(200, { id: 7 }, {})), /the answer is untyped/);
});

test('a machine without interfaces has no identity, and nothing is sent', async () => {
  const { dialect, asked } = talk('http://razor:8150/svc/checkin/7');
  await assert.rejects(dialect.checkin(report({ interfaces: [] })), { code: 'RAZOR_MK_NO_IDENTITY' });
  assert.deepEqual(asked, []);
});

test('log lines go to the node’s own log, once it has a number', async () => {
  const { dialect, asked } = talk('http://razor:8150/svc/checkin/7');
  await dialect.logToServer?.('error', 'a b'.padEnd(1200, 'x'));
  assert.equal(asked[0], `GET /svc/log/7?msg=${'a+b'.padEnd(1000, 'x')}&severity=error`);
  const unknown = talk('http://razor:8150');
  await unknown.dialect.logToServer?.('error', 'a');
  assert.deepEqual(unknown.asked, []);
});
