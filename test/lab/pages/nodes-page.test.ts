import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { test } from 'node:test';
import { startLab, type Lab } from '../../../lab/lab-server.ts';
import { findNodes } from '../../../lab/pages/nodes/node-search.ts';

const COUNT = 2500;

/** Many nodes, each with facts of its own, the last one with a name and an odd fact. */
async function manyNodes(): Promise<Lab> {
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 }, protectNewNodes: true });
  await lab.store.write(() => {
    for (let i = 0; i < COUNT; i++) {
      const mac = `025E${i.toString(16).padStart(8, '0')}`.toUpperCase();
      const node = lab.store.nodes.create({ dialect: 'razor', hwIds: [mac], at: Date.now(), allowed: i % 2 === 0 });
      const odd = i === COUNT - 1 && { hostname: 'web-99', productname: '=cmd|"100% \\ _x"' };
      lab.store.nodes.setFacts(node.id, { mk_hw_nic_count: '1', serialnumber: `S${i}`, ...odd }, 'idle', Date.now());
    }
  });
  return lab;
}

test('a search looks at all of many nodes: parts of MACs, names, tags, facts; and finds nothing else', async (t) => {
  const lab = await manyNodes();
  t.after(() => lab.close());
  const count = async (search: string, state = ''): Promise<number> =>
    (await findNodes(lab.core, { search, state })).length;
  for (const [search, wanted] of [
    ['nics_1', COUNT],
    ['02:5e:00:00:00:07', 1],
    ['5E0000000', 16],
    ['02:5e', COUNT],
    ['mk025e0000000', 16],
    ['WEB-99', 1],
    ['s1234', 1],
    ['"100% \\ _x"', 1],
    ['100%', 1],
    ['1_0%', 0],
    ['nics_2', 0],
  ] as const)
    assert.equal(await count(search), wanted, search);
  assert.deepEqual([await count('', 'protected'), await count('', 'discovered')], [COUNT / 2, COUNT / 2]);
  assert.deepEqual([await count('WEB-99', 'protected'), await count('WEB-99', 'discovered')], [1, 0]);
  const page = await (await fetch(`${lab.peopleUrl}/?q=nics_1&state=protected`)).text();
  assert.match(page, /Nodes that are protected matching “nics_1”/);
  assert.match(page, /Page 1 of 13\./);
  assert.match(page, /href="\/\?q=nics_1&amp;state=protected&amp;page=2">Older/);
});

test('others get their turn while a search goes on', async (t) => {
  const lab = await manyNodes();
  t.after(() => lab.close());
  let turns = 0;
  let searching = true;
  const counting = (async () => {
    for (; searching; turns++) await nextTurn();
  })();
  await findNodes(lab.core, { search: 'nics_1', state: '' });
  searching = false;
  await counting;
  assert.ok(turns >= COUNT / 100, `${turns} turns`);
});

test('a list goes out as CSV and JSON, and no fact becomes a formula', async (t) => {
  const lab = await manyNodes();
  t.after(() => lab.close());
  const reply = await fetch(`${lab.peopleUrl}/nodes.csv?q=web-99`);
  assert.equal(reply.headers.get('content-disposition'), 'attachment; filename="nodes.csv"');
  const [head, row, end] = (await reply.text()).split('\r\n');
  assert.match(head ?? '', /^uuid,name,state,policy,ids,tags,lastContact,manufacturer,/);
  assert.match(row ?? '', /,web-99,protected,,02:5e:00:00:09:c3,.*,"'=cmd\|""100% \\ _x""",S2499,/);
  assert.equal(end, '');
  const json = (await (await fetch(`${lab.peopleUrl}/nodes.json`)).json()) as Record<string, string>[];
  assert.equal(json.length, COUNT);
  assert.equal(json.at(-1)?.['productname'], '=cmd|"100% \\ _x"');
});
