/** What the audit log writes of a request: who and what, and no secret, whatever form it has. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startLab } from '../../../lab/lab-server.ts';
import { PORTS } from './ask.ts';

test('passwords and files of many lines are not written, wherever they stand in a request', async (t) => {
  const lab = await startLab({ ports: PORTS });
  t.after(() => lab.close());
  const userData = '#cloud-config\nusers:\n  - name: web\n    plain_text: sesame\n';
  const reply = await fetch(`${lab.peopleUrl}/api/models`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ label: 'cloud', template: 'debian', metadata: { root_password: 'sesame' }, userData }),
  });
  await reply.text();
  const [entry] = lab.store.people.audit.list(1);
  assert.equal(entry?.action, 'POST /api/models');
  assert.doesNotMatch(entry.details, /sesame/);
  assert.match(entry.details, new RegExp(`"userData":"\\(${userData.length} characters\\)"`));
  assert.match(entry.details, /"label":"cloud"/);
});
