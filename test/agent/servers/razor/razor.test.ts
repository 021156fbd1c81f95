/** The five things that break an otherwise plausible Razor 0.x agent. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createRazorDialect, hwId, JSON_HASH_LIMIT } from '../../../../agent/servers/razor/razor.ts';
import { exchangeOf } from '../../../../agent/http/exchange.ts';
import { createHttpClient } from '../../../../agent/http/http-client.ts';
import type { NodeReport } from '../../../../agent/servers/dialect.ts';
import type { Dialect } from '../../../../agent/servers/dialect.ts';
import { machine } from '../../../helpers/agent-parts.ts';
import { command, json, scriptedServer, text, type ScriptedServer } from '../../../helpers/scripted-server.ts';

let server: ScriptedServer;
let dialect: Dialect;
before(async () => {
  server = await scriptedServer();
  dialect = createRazorDialect({ serverUrl: server.url, exchange: exchangeOf(createHttpClient({ timeoutMs: 2000 })) });
});
after(() => server.close());

const report: NodeReport = {
  identity: machine().identity,
  facts: { is_virtual: 'true', mk_hw_cpu_count: '2' },
  firstCheckin: true,
  lastState: 'idle',
};

function registered(): { '@hw_id': string; '@attributes_hash': Record<string, unknown>; '@last_state': string } {
  const body = new URLSearchParams(server.asked.at(-1)?.body);
  assert.deepEqual([...body.keys()], ['json_hash']);
  return JSON.parse(body.get('json_hash') ?? '') as ReturnType<typeof registered>;
}

test('trap 1: first_checkin is the word true or is not sent, because every other value counts as true', async () => {
  await dialect.checkin(report);
  assert.equal(server.asked.at(-1)?.query.get('first_checkin'), 'true');
  await dialect.checkin({ ...report, firstCheckin: false });
  assert.deepEqual([...(server.asked.at(-1)?.query.keys() ?? [])], ['hw_id', 'last_state']);
});

test('trap 2: hw_id is upper-case hex without separators, joined by _, because boot compares it so', async () => {
  await dialect.checkin(report);
  assert.equal(server.asked.at(-1)?.query.get('hw_id'), '5254000000C1_5254000000C2');
  await dialect.register(report);
  assert.equal(registered()['@hw_id'], '5254000000C1_5254000000C2');
  const odd = [
    { name: 'a', mac: '' },
    { name: 'b', mac: '52-54-00-00-00-aa' },
    { name: 'c', mac: '52:54:00:00:00:AA' },
  ];
  assert.equal(hwId({ ...report.identity, interfaces: odd }), '5254000000AA', 'no empty elements, no doubles');
  assert.throws(() => hwId({ ...report.identity, interfaces: [] }), { code: 'RAZOR_MK_NO_IDENTITY' });
});

test('trap 3: facts are JSON strings, because tag rules compare with strings', async () => {
  await dialect.register(report);
  assert.deepEqual(registered()['@attributes_hash'], { is_virtual: 'true', mk_hw_cpu_count: '2' });
  const careless = { is_virtual: true, mk_hw_cpu_count: 2 } as unknown as Record<string, string>;
  await dialect.register({ ...report, facts: careless });
  assert.deepEqual(registered()['@attributes_hash'], { is_virtual: 'true', mk_hw_cpu_count: '2' });
});

test('trap 4: json_hash stays under 128 KiB; the largest optional facts go first, and it is said which', async () => {
  const facts: Record<string, string> = {
    ...report.facts,
    lshw_text: 'x'.repeat(100_000),
    other: 'y'.repeat(60_000),
    small: 'z',
  };
  const notes = await dialect.register({ ...report, facts });
  const sent = registered();
  assert.ok(Buffer.byteLength(new URLSearchParams(server.asked.at(-1)?.body).get('json_hash') ?? '') < 131_072);
  assert.deepEqual(Object.keys(sent['@attributes_hash']).sort(), ['is_virtual', 'mk_hw_cpu_count', 'other', 'small']);
  assert.equal(notes.length, 1);
  assert.match(notes[0] ?? '', /fact lshw_text \(100000 bytes\) is left out/);
  // bytes count, not characters; and what servers match on goes last of all
  const wide = { ...report.facts, hostname: 'ü'.repeat(40_000), note: 'ö'.repeat(30_000) };
  await dialect.register({ ...report, facts: wide });
  assert.deepEqual(Object.keys(registered()['@attributes_hash']).sort(), ['hostname', 'is_virtual', 'mk_hw_cpu_count']);
  assert.ok(JSON_HASH_LIMIT < 131_071);
});

test('trap 5: only errcode 0 means success, for register too: HTTP 200 does not', async () => {
  const failures = [
    json({ std_err_code: 1, result: 'No rows updated', slice: 'x', command: 'y' }),
    text(' [node] <- connection to 127.0.0.1 refused\n{"slice":"ProjectRazor::Slice","result":"InvalidSlice"}'),
    json({ errcode: 1, response: { command_name: 'reboot' } }),
    json({ errcode: '0', response: { command_name: 'reboot' } }),
    json({ response: { command_name: 'reboot' } }),
  ];
  for (const failure of failures) {
    server.checkins(failure);
    server.registers(failure);
    await assert.rejects(dialect.checkin(report), { code: /RAZOR_MK_(REPLY|REFUSED)/ });
    await assert.rejects(dialect.register(report), { code: /RAZOR_MK_(REPLY|REFUSED)/ });
  }
  server.checkins(json({ errcode: 0, response: { command_name: 'reboot' } }, 500), command('acknowledge'));
  await assert.rejects(dialect.checkin(report), { code: 'RAZOR_MK_REFUSED' }, 'errcode 0 with HTTP 500 is no success');
  assert.deepEqual((await dialect.checkin(report)).command, { name: 'acknowledge', param: {} });
});

test('the server’s own words are in the error, without markup and on one line', async () => {
  server.checkins(
    json({ std_err_code: 114, result: 'Must Provide Hardware IDs[hw_id]', http_err_code: 400 }, 400),
    text('<html><body>\nspawn E2BIG\u001b[31m</body></html>', 500),
  );
  await assert.rejects(dialect.checkin(report), { message: /HTTP 400\): Must Provide Hardware IDs\[hw_id\]/ });
  await assert.rejects(dialect.checkin(report), (error: Error) => {
    assert.match(error.message, /HTTP 500\): spawn E2BIG \[31m$/);
    return true;
  });
});
