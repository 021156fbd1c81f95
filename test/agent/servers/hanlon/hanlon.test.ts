import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TextReply } from '../../../../agent/http/exchange.ts';
import type { NodeReport } from '../../../../agent/servers/dialect.ts';
import { createHanlon, parseHanlonCheckin } from '../../../../agent/servers/hanlon/hanlon.ts';
import type { Identity } from '../../../../facts/identity/identity-types.ts';

const UUID = '4c4c4544-0051-3610-8052-b4c04f4a4e31';

function report(more: Partial<Identity> = {}, firstCheckin = true): NodeReport {
  const interfaces = ['52:54:00:aa:00:01', '52:54:00:aa:00:00'].map((mac, index) => ({ name: `eth${index}`, mac }));
  const identity = { interfaces, uuid: UUID, serial: undefined, assetTag: undefined, note: undefined, ...more };
  return { identity, facts: { a: '1' }, firstCheckin, lastState: 'idle' };
}

const reply = (status: number, body: unknown): TextReply => ({
  status,
  headers: {},
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const COMMAND = { errcode: 0, response: { command_name: 'acknowledge', command_param: {} } };
const REFUSAL = { response: { result: { code: 5, type: 'Occam::Error', description: 'no such node' } } };

test('a command, and the configuration that comes with it under our names', () => {
  const found = parseHanlonCheckin(reply(200, { ...COMMAND, client_config: { mk_tce_mirror: 'http://m' } }));
  assert.deepEqual(found.command, { name: 'acknowledge', param: {} });
  assert.deepEqual(found.clientConfig, { mk_tce_mirror_uri: 'http://m' });
  assert.equal(parseHanlonCheckin(reply(200, COMMAND)).clientConfig, undefined);
});

test('anything else is a refusal in the server’s words, or no reply of Hanlon’s', () => {
  const fails = (status: number, body: unknown, code: string, message: string): void =>
    assert.throws(() => parseHanlonCheckin(reply(status, body)), { code, message });
  fails(400, REFUSAL, 'RAZOR_MK_REFUSED', 'the server refused the check-in (5, HTTP 400): Occam::Error: no such node');
  const long = { response: { result: { code: 5, type: 't'.repeat(121), description: 'd'.repeat(401) } } };
  fails(
    400,
    long,
    'RAZOR_MK_REFUSED',
    `the server refused the check-in (5, HTTP 400): ${'t'.repeat(120)}: ${'d'.repeat(400)}`,
  );
  const none = 'the answer to the check-in (HTTP 200) is not a Hanlon reply';
  fails(200, { ...COMMAND, errcode: 1 }, 'RAZOR_MK_REPLY', none);
  fails(200, { errcode: 0, response: { command_name: '' } }, 'RAZOR_MK_REPLY', none);
  fails(200, { errcode: 0, response: { command_name: 'x'.repeat(65) } }, 'RAZOR_MK_REPLY', none);
  fails(
    500,
    { error: 'broken' },
    'RAZOR_MK_REPLY',
    'the answer to the check-in (HTTP 500) is not a Hanlon reply: broken',
  );
  assert.throws(() => parseHanlonCheckin(reply(200, '<html>')), { code: 'RAZOR_MK_REPLY', message: /not JSON/ });
});

test('a check-in names the machine by its UUID and its MACs', () => {
  const url = (given: NodeReport): string =>
    createHanlon({ serverUrl: 'http://h:8026', exchange }).previewCheckin(given).url;
  const exchange = (): Promise<never> => Promise.reject(new Error('nothing is asked'));
  const macs = 'mac_id=525400AA0001_525400AA0000';
  const base = 'http://h:8026/hanlon/api/v1/node/checkin?';
  assert.equal(url(report()), `${base}uuid=${UUID.toUpperCase()}&${macs}&last_state=idle&first_checkin=true`);
  assert.equal(url(report({}, false)), `${base}uuid=${UUID.toUpperCase()}&${macs}&last_state=idle`);
  assert.equal(url(report({ uuid: undefined })), `${base}${macs}&last_state=idle&first_checkin=true`);
  assert.equal(url(report({ interfaces: [] }, false)), `${base}uuid=${UUID.toUpperCase()}&last_state=idle`);
  assert.throws(() => url(report({ interfaces: [], uuid: undefined })), { code: 'RAZOR_MK_NO_IDENTITY' });
});

test('a UUID that other machines share is left out, and that is said', () => {
  const dialect = createHanlon({ serverUrl: 'http://h', exchange: () => Promise.reject(new Error('none')) });
  const junk = report({ uuid: 'Not Settable' });
  assert.equal(dialect.nodeId(junk.identity), '525400AA0001_525400AA0000');
  assert.equal(dialect.nodeId(report().identity), UUID.toUpperCase());
  const note = 'SMBIOS UUID "Not Settable" is a placeholder that other machines share: MACs are sent instead';
  assert.deepEqual(dialect.previewCheckin(junk).notes, [note]);
  assert.deepEqual(dialect.previewRegister(junk)?.notes, [note]);
  assert.deepEqual(dialect.previewRegister(report())?.notes, []);
  assert.deepEqual(dialect.previewRegister(report({ uuid: undefined }))?.notes, []);
});

test('a path of the URL, and paths of a configuration, go before Hanlon’s own', () => {
  const urls = (options: Partial<Parameters<typeof createHanlon>[0]>): string[] => {
    const dialect = createHanlon({
      serverUrl: 'http://h',
      exchange: () => Promise.reject(new Error('none')),
      ...options,
    });
    const preview = [dialect.previewCheckin(report()).url, dialect.previewRegister(report())?.url ?? ''];
    return preview.map((url) => url.replace(/\?.*/, ''));
  };
  assert.deepEqual(urls({ serverUrl: 'http://h/x/' }), ['http://h/x/node/checkin', 'http://h/x/node/register']);
  assert.deepEqual(urls({ checkinPath: '/a', registerPath: '/b' }), ['http://h/a', 'http://h/b']);
});

test('a registration is raw JSON, answered by 201 or 200', async () => {
  const sent: unknown[] = [];
  const answer = async (given: TextReply): Promise<unknown> =>
    await createHanlon({
      serverUrl: 'http://h',
      exchange: async ({ method, headers, body }) => {
        sent.push([method, headers['content-type'], JSON.parse(body ?? '')]);
        return given;
      },
    }).register(report());
  const good = { errcode: 0, command: 'register_node' };
  assert.deepEqual(await answer(reply(201, good)), []);
  assert.deepEqual(await answer(reply(200, good)), []);
  const body = {
    mac_id: '525400AA0001_525400AA0000',
    uuid: UUID.toUpperCase(),
    attributes_hash: { a: '1' },
    last_state: 'idle',
  };
  assert.deepEqual(sent[0], ['POST', 'application/json', body]);
  await assert.rejects(answer(reply(202, good)), {
    code: 'RAZOR_MK_REPLY',
    message: /answer to the register \(HTTP 202\)/,
  });
  await assert.rejects(answer(reply(201, { errcode: 0, command: 'x' })), { code: 'RAZOR_MK_REPLY' });
  await assert.rejects(answer(reply(400, REFUSAL)), { code: 'RAZOR_MK_REFUSED', message: /refused the register/ });
});

test('a check-in is sent and its answer read', async () => {
  const { command } = await createHanlon({ serverUrl: 'http://h', exchange: async () => reply(200, COMMAND) }).checkin(
    report(),
  );
  assert.equal(command.name, 'acknowledge');
});
