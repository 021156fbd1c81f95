import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startLab } from '../../../../lab/lab-server.ts';
import { register } from '../../../helpers/lab-process.ts';

interface Line {
  readonly title?: string;
  readonly text: string;
}

test('open log pages cost the nodes nothing of their own: an event is rendered once for all, a burst by its newest lines', async (t) => {
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0 } });
  const closing = new AbortController();
  t.after(() => lab.close());
  t.after(() => closing.abort());
  await register(lab.nodesUrl, '525400000001', { hostname: 'old' });
  const { uuid = '' } = lab.store.nodes.list()[0] ?? {};
  const after = lab.events.last;
  const open = async (more = ''): Promise<(last: string) => Promise<Line[]>> => {
    const url = `${lab.peopleUrl}/log/stream?after=${after}${more}`;
    const { body } = await fetch(url, { signal: closing.signal });
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    return async (last) => {
      while (!text.includes(last)) text += (await reader?.read())?.value ?? '';
      return [...text.matchAll(/^data: (.*)$/gm)].map(([, json = '']) => JSON.parse(json) as Line);
    };
  };
  const pages = await Promise.all(Array.from({ length: 8 }, () => open()));
  const ofNode = await open(`&node=${uuid}`);
  const other = await open('&node=nobody');
  const facts = t.mock.method(lab.store.nodes, 'facts');
  for (let i = 1; i <= 300; i++) lab.events.emit({ type: 'checkin', node: uuid, message: `event ${i}.` });
  for (const page of [...pages, ofNode]) {
    const lines = await page('event 300.');
    assert.deepEqual(
      lines.map(({ text }) => text),
      Array.from({ length: 100 }, (_, i) => `event ${201 + i}.`),
    );
    assert.equal(lines[0]?.title, 'old');
  }
  assert.ok(facts.mock.callCount() <= 1, `facts were read ${facts.mock.callCount()} times`);
  await register(lab.nodesUrl, '525400000001', { hostname: 'new' });
  lab.events.emit({ type: 'failed', node: 'nobody', message: 'the end' });
  assert.equal((await ofNode('registered again')).at(-1)?.title, 'new', 'a new host name is shown');
  assert.deepEqual(await other('the end'), [{ ...(await other('the end'))[0] }], 'a filtered page gets its own alone');
});
