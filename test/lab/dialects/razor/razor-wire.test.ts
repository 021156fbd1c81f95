import assert from 'node:assert/strict';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { test } from 'node:test';
import {
  callbackFault,
  commandResponse,
  INVALID_SLICE,
  missing,
  okBody,
  queryOf,
  type RazorFault,
  readParams,
  sendFault,
  stumble,
} from '../../../../lab/dialects/razor/razor-wire.ts';

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json; charset=utf-8';

function request(url: string, body?: string, type?: string): FastifyRequest {
  const headers = type === undefined ? {} : { 'content-type': type };
  return {
    raw: { url },
    headers,
    body: body === undefined ? undefined : Buffer.from(body),
  } as unknown as FastifyRequest;
}

const hash = (value: unknown): string => encodeURIComponent(JSON.stringify(value));

test('parameters are those of json_hash before those of the query, with or without @', () => {
  for (const [asked, name, value] of [
    [request('/x?a=1'), 'a', '1'],
    [request('/x?@a=1'), 'a', '1'],
    [request('/x?a=1&@a=2'), 'a', '1'],
    [request(`/x?a=1&json_hash=${hash({ a: 2 })}`), 'a', 2],
    [request(`/x?a=1&json_hash=${hash({ '@a': 2 })}`), 'a', '1'],
    [request(`/x?json_hash=${hash({ '@a': 2 })}`), 'a', 2],
    [request(`/x?json_hash=${hash({ a: null })}&a=1`), 'a', '1'],
    [request('/x?a[k]=1&a[l]=2&ab[k]=3&a[m=4'), 'a', { k: '1', l: '2' }],
    [request('/x?a[]=1&a[]=2'), 'a', ['1', '2']],
    [request('/x', `json_hash=${hash({ a: 3 })}`, FORM), 'a', 3],
    [request('/x', `json_hash=${hash({ a: 3 })}`, FORM.toUpperCase()), 'a', 3],
    [request('/x', JSON.stringify({ json_hash: '{"a":4}' }), JSON_TYPE), 'a', 4],
    // what is none counts as none
    [request(`/x?json_hash=${hash([1])}`), 'a', undefined],
    [request('/x?json_hash={'), 'a', undefined],
    [request(`/x?json_hash=${hash([1])}`), 'length', undefined],
    [request(`/x?json_hash=${hash('b')}`), '0', undefined],
    [request('/x', 'null', JSON_TYPE), 'a', undefined],
    [request('/x', JSON.stringify({ json_hash: { a: 4 } }), JSON_TYPE), 'a', undefined],
    [request('/x', '[1]', JSON_TYPE), 'a', undefined],
    [request('/x', 'a=1', FORM), 'a', undefined],
    // a body of either type goes before the query
    [request(`/x?json_hash=${hash({ a: 1 })}`, `json_hash=${hash({ a: 3 })}`, FORM), 'a', 3],
    [request(`/x?json_hash=${hash({ a: 1 })}`, '', FORM), 'a', 1],
    [request(`/x?json_hash=${hash({ a: 1 })}`, 'text', 'text/plain'), 'a', 1],
    // names of every object are nobody's
    [request(`/x?json_hash=${hash({})}`), 'constructor', undefined],
    [request('/x?json_hash={"__proto__":{"a":1}}'), 'a', undefined],
    [request('/x'), 'a', undefined],
  ] as const)
    assert.deepEqual(readParams(asked, false).get(name), value, `${asked.raw.url} ${String(asked.body)}`);
  assert.equal(readParams(request(`/x?a=1&json_hash=${hash({ a: 2 })}`), false, false).get('a'), '1');
  for (const [url, query] of [
    ['/x', ''],
    ['/x?', ''],
    ['/x?a?b', 'a?b'],
  ] as const)
    assert.equal(queryOf(request(url)), query);
});

test('a faithful lab refuses a json_hash that is no argument of a program any more, another one takes it', () => {
  const text = (length: number): string => `{"a":"${'x'.repeat(length - 8)}"}`;
  const asked = (length: number): FastifyRequest => request('/x', `json_hash=${text(length)}`, FORM);
  assert.equal(text(100).length, 100);
  const value = (length: number, faithful: boolean): unknown => readParams(asked(length), faithful).get('a');
  assert.equal((value(131_071, true) as string).length, 131_063);
  assert.equal((value(131_072, false) as string).length, 131_064);
  assert.throws(
    () => value(131_072, true),
    (error: RazorFault) => error.fault.status === 500 && error.fault.body === 'spawn E2BIG',
  );
});

test('faults have the status, the code and the class of the original', () => {
  const body = (fault: RazorFault): unknown => [fault.fault.status, fault.fault.body, fault.message];
  assert.deepEqual(body(missing('A Hardware ID', 'register_node')), [
    400,
    {
      std_err_code: 114,
      err_class: 'ProjectRazor::Error::Slice::MissingArgument',
      result: 'Must Provide A Hardware ID',
      http_err_code: 400,
      slice: 'ProjectRazor::Slice::Node',
      command: 'register_node',
    },
    'Must Provide A Hardware ID',
  ]);
  for (const [reason, code, result] of [
    ['namespace', 157, 'Invalid callback namespace'],
    ['arguments', 158, 'Missing active model uuid'],
    ['uuid', 160, 'Active Model Invalid'],
  ] as const) {
    const slice = 'ProjectRazor::Slice::Policy';
    const expected = { std_err_code: code, result, http_err_code: 400, slice, command: 'get_callback' };
    assert.deepEqual(body(callbackFault(reason)), [400, expected, result]);
  }
  const inside = { std_err_code: 1, result: 'oh', slice: 'ProjectRazor::Slice::Boot', command: 'c' };
  assert.deepEqual(body(stumble('oh', 'Boot', 'c', true)), [200, inside, 'oh'], 'success outside');
  assert.deepEqual(body(stumble('oh', 'Boot', 'c', false)), [500, { ...inside, http_err_code: 500 }, 'oh']);
});

test('a fault is sent as text or JSON, and an Ok reply is JSON that ends its line', () => {
  const sent: unknown[] = [];
  const reply = {
    code: (status: number) => (sent.push(status), reply),
    header: (name: string, value: unknown) => (sent.push(`${name}: ${String(value)}`), reply),
    serializer: () => reply,
    send: (body: unknown) => (sent.push(body), reply),
  };
  const of = (fault: Parameters<typeof sendFault>[1]): unknown => {
    sent.splice(0);
    sendFault(reply as unknown as FastifyReply, fault);
    return [...sent];
  };
  const html = 'content-type: text/html; charset=utf-8';
  assert.deepEqual(of({ status: 500, body: 'spawn E2BIG' }), [500, html, 'spawn E2BIG']);
  const body = '{"slice":"ProjectRazor::Slice","result":"InvalidSlice","http_err_code":404}\n';
  assert.deepEqual(of(INVALID_SLICE), [404, 'content-type: application/json', body]);
  const inside = '{"std_err_code":1,"result":"oh","slice":"ProjectRazor::Slice::Boot","command":"c"}\n';
  assert.deepEqual(of(stumble('oh', 'Boot', 'c', true).fault), [200, html, inside]);
  assert.deepEqual(commandResponse('reboot'), { command_name: 'reboot', command_param: {} });
  const text = okBody('checkin_node', JSON.stringify(commandResponse('kexec', { kernel: 'k' })), '{"a":1}');
  assert.ok(text.endsWith('}\n'));
  assert.deepEqual(JSON.parse(text), {
    resource: 'ProjectRazor::Slice::Node',
    command: 'checkin_node',
    result: 'Ok',
    http_err_code: 200,
    errcode: 0,
    response: { command_name: 'kexec', command_param: { kernel: 'k' } },
    client_config: { a: 1 },
  });
});
