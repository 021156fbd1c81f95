import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { startLab } from '../../lab/lab-server.ts';
import { openStore } from '../../lab/store/sqlite/open-store.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { PORTS } from './people/ask.ts';

/** One register over a kept connection: its status, or the code of the failure. */
function send(url: string, agent: Agent, id: string): Promise<number | string> {
  const facts = { '@hw_id': id, '@attributes_hash': { a: '1' }, '@last_state': 'idle' };
  const body = `json_hash=${encodeURIComponent(JSON.stringify(facts))}`;
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve) => {
    const sent = request(`${url}/razor/api/node/register`, { method: 'POST', agent, headers }, (reply) => {
      reply.resume();
      reply.on('end', () => resolve(reply.statusCode ?? 0));
      reply.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      // the system had it in its queue, the lab never took it
      const taken = sent.reusedSocket || error.code !== 'ECONNRESET';
      resolve(taken ? (error.code ?? 'error') : 'ECONNREFUSED');
    });
    sent.end(body);
  });
}

test('a lab that is told to end under load loses no request: each is answered and kept, or its connection was never taken', async (t) => {
  const db = join(temporaryDirectory(t), 'lab.db');
  const lab = await startLab({ ports: PORTS, db });
  t.after(() => lab.close());
  const stream = await fetch(`${lab.peopleUrl}/log/stream`);
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const outcomes = new Map<number | string, number>();
  const kept: string[] = [];
  let next = 0;
  let ended = false;
  const worker = async (): Promise<void> => {
    while (!ended) {
      const id = `5254${(next++).toString(16).toUpperCase().padStart(8, '0')}`;
      const outcome = await send(lab.nodesUrl, agent, id);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (outcome === 200) kept.push(id);
      if (outcome === 'ECONNREFUSED') ended = true;
    }
  };
  const workers = Promise.all(Array.from({ length: 16 }, worker));
  await lab.events.waitFor(({ seq }) => seq > 100);
  await lab.close(1); // on a busy machine any time is over while requests wait to be read
  await workers;
  agent.destroy();
  await stream.text();
  assert.deepEqual(
    [...outcomes.keys()].filter((each) => each !== 200 && each !== 'ECONNREFUSED'),
    [],
    JSON.stringify([...outcomes]),
  );
  assert.ok(kept.length > 50, `${kept.length} were answered`);
  const store = openStore(db);
  t.after(() => store.close());
  for (const id of kept) assert.equal(store.nodes.find([id]).length, 1, id);
});
