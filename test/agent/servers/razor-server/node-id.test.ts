import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exchange } from '../../../../agent/http/exchange.ts';
import { createRazorServer } from '../../../../agent/servers/razor-server/razor-server.ts';

async function nodeIdQuery(serial: string, uuid: string): Promise<string> {
  let url = '';
  const exchange: Exchange = (request) => {
    url = request.url;
    return Promise.reject(new Error('nothing is sent'));
  };
  const dialect = createRazorServer({ serverUrl: 'http://127.0.0.1:8150/svc/checkin', exchange });
  const identity = {
    interfaces: [{ name: 'eth0', mac: '52:54:00:00:00:01' }],
    uuid,
    serial,
    assetTag: undefined,
    note: undefined,
  };
  const report = { identity, facts: {}, firstCheckin: true, lastState: 'idle' };
  await assert.rejects(dialect.checkin(report, undefined));
  return new URL(url).search;
}

test('the id of a node is asked for with its serial number and UUID, but never with fillers of the firmware', async () => {
  const own = '0a8e7c6e-6f3f-4d62-9a5b-1f5d7f0c9a11';
  assert.equal(await nodeIdQuery('XB4K7Q2', own), `?net0=52%3A54%3A00%3A00%3A00%3A01&serial=XB4K7Q2&uuid=${own}`);
  const junk = await nodeIdQuery('To be filled by O.E.M.', '03000200-0400-0500-0006-000700080009');
  assert.equal(junk, '?net0=52%3A54%3A00%3A00%3A00%3A01');
});
