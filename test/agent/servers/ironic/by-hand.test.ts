/** Ironic for the verbs that do one thing by hand, against the stand-in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openIronicByHand } from '../../../../agent/servers/ironic/by-hand.ts';
import { parseCommandLine } from '../../../../platform/kernel-line.ts';
import { exchangeOf } from '../../../../agent/http/exchange.ts';
import { createHttpClient } from '../../../../agent/http/http-client.ts';
import { recorded } from '../../../helpers/ironic-agent.ts';
import { startIronic } from '../../../helpers/ironic-standin.ts';

test('register sends the inventory once; a lookup is shown and never sent, because it would take the token', async (t) => {
  const ironic = await startIronic();
  t.after(() => ironic.close());
  const line = `ipa-api-url=${ironic.url} ipa-inspection-callback-url=${ironic.url}/v1/continue_inspection`;
  const set = await recorded();
  const byHand = openIronicByHand({
    serverUrl: ironic.url,
    exchange: exchangeOf(createHttpClient()),
    kernel: parseCommandLine(line),
    factSet: set,
  });
  const report = { identity: set.identity, facts: { hostname: 'mk' }, firstCheckin: true, lastState: 'idle' };
  assert.match(byHand.previewCheckin(report).url, /\/v1\/lookup\?addresses=52%3A54%3A00%3A00%3A48%3A01$/);
  await assert.rejects(byHand.checkin(report), { code: 'RAZOR_MK_DIALECT', message: /would take the token/ });
  assert.equal(byHand.nodeId(set.identity), '52:54:00:00:48:01');
  assert.deepEqual(await byHand.register(report), []);
  assert.equal(byHand.previewRegister(report)?.headers['content-length'], ironic.seen[0]?.headers['content-length']);
  ironic.rules.wanted = false;
  await assert.rejects(byHand.register(report), /HTTP 404: Resource could not be found/);
  assert.deepEqual(
    ironic.seen.map(({ method, path, status }) => [method, path, status]),
    [
      ['POST', '/v1/continue_inspection', 202],
      ['POST', '/v1/continue_inspection', 404],
    ],
  );
});
