import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { startLab, type Lab } from '../../../../lab/lab-server.ts';
import { checkin, register } from '../../../helpers/lab-process.ts';
import { PORTS } from '../../people/ask.ts';

const OPEN = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';

async function labWithNodes(): Promise<Lab> {
  const lab = await startLab({ ports: PORTS });
  for (const id of ['525400000001', '525400000002']) await register(lab.nodesUrl, id, { a: '1' });
  for (let i = 0; i < 3; i++) await checkin(lab.nodesUrl, '525400000001');
  return lab;
}

test('figures count nodes and check-ins, in both forms that Prometheus reads', async (t) => {
  const lab = await labWithNodes();
  t.after(() => lab.close());
  const open = await fetch(`${lab.peopleUrl}/metrics`, { headers: { accept: OPEN } });
  assert.equal(open.headers.get('content-type'), 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  const text = await open.text();
  assert.match(text, /^razor_mk_lab_nodes 2$/m);
  assert.match(text, /^# TYPE razor_mk_lab_events counter$/m);
  assert.match(text, /^razor_mk_lab_events_total\{type="checkin"\} 3$/m);
  assert.match(text, /^process_resident_memory_bytes \d{7,}$/m);
  assert.ok(text.endsWith('\n# EOF\n'));
  const families = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
  assert.equal(new Set(families).size, families.length, 'each family once');
  for (const line of text.split('\n').filter((each) => each !== '' && !each.startsWith('#')))
    assert.match(line, /^[a-z_]+(\{[a-z_]+="[^"]*"\})? -?\d+(\.\d+)?(e-?\d+)?$/, line);
  const plain = await fetch(`${lab.peopleUrl}/metrics`);
  assert.equal(plain.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  const old = await plain.text();
  assert.match(old, /^# TYPE razor_mk_lab_events_total counter$/m);
  assert.doesNotMatch(old, /EOF/);
});

const noPromtool = spawnSync('promtool', ['--version']).error ? 'promtool is not installed' : false;

test('Prometheus’ own tool finds nothing to say about them', { skip: noPromtool }, async (t) => {
  const lab = await labWithNodes();
  t.after(() => lab.close());
  const input = await (await fetch(`${lab.peopleUrl}/metrics`)).text();
  const said = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
  assert.deepEqual([said.status, said.stdout + said.stderr], [0, '']);
});

test('health and readiness are told to everybody; figures are not', async (t) => {
  const lab = await startLab({ ports: PORTS, people: { token: 'sesame' } });
  t.after(() => lab.close());
  for (const [path, status] of [
    ['/healthz', 200],
    ['/readyz', 200],
    ['/metrics', 401],
  ] as const)
    assert.equal((await fetch(lab.peopleUrl + path)).status, status, path);
});

test('a lab whose store fails is not ready', async (t) => {
  const lab = await startLab({ ports: PORTS });
  t.after(() => lab.close());
  const write = lab.store.write;
  Object.assign(lab.store, { write: () => Promise.reject(new Error('disk full')) });
  const broken = await fetch(`${lab.peopleUrl}/readyz`);
  assert.equal(broken.status, 503);
  assert.doesNotMatch(await broken.text(), /disk full/, 'strangers are told no detail');
  Object.assign(lab.store, { write });
});
