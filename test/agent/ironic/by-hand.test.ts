/** The verbs that do one thing by hand, as processes, against the stand-in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../../platform/run.ts';
import { MAIN } from '../../helpers/agent-process.ts';
import { startIronic } from '../../helpers/ironic-standin.ts';
import { makeTree } from '../../helpers/tree.ts';

const CAPTURE = new URL('../../fixtures/captures/qemu-four-buses.tar.gz', import.meta.url).pathname;

test('register sends the inventory once; a lookup is shown and never sent, because it would take the token', async (t) => {
  const ironic = await startIronic();
  t.after(() => ironic.close());
  const line = `ipa-api-url=${ironic.url} ipa-inspection-callback-url=${ironic.url}/v1/continue_inspection`;
  const root = makeTree(t, { cmdline: line });
  const verb = (...words: string[]) =>
    run([
      process.execPath,
      MAIN,
      ...words,
      '--cmdline',
      `${root}/cmdline`,
      '--from',
      CAPTURE,
      '--config',
      `${root}/none`,
    ]);
  const [shown, refused, sent] = [await verb('checkin', '--dry-run'), await verb('checkin'), await verb('register')];
  assert.match(shown.stdout.toString(), /^GET http:\S+\/v1\/lookup\?addresses=52%3A54%3A00%3A00%3A48%3A01\n/);
  assert.equal(refused.status, 78);
  assert.match(refused.stderr.toString(), /would take the token of this boot/);
  assert.match(
    sent.stdout.toString(),
    /^registered 52:54:00:00:48:01 with \d+ facts at http:\S+\/v1\/continue_inspection\n/,
  );
  assert.deepEqual(
    ironic.seen.map(({ method, path, status }) => [method, path, status]),
    [['POST', '/v1/continue_inspection', 202]],
  );
});
