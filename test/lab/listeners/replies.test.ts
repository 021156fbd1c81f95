import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reasonOf } from '../../../agent/servers/reply-reason.ts';
import { startLab } from '../../../lab/lab-server.ts';
import { register } from '../../helpers/lab-process.ts';

const PORTS = { nodes: 0, images: 0, people: 0, razorServer: 0 };
const NODE = '0200000000DD';

test('every check-in is answered with its reason in words, which the agent reads; a faithful lab gives none', async (t) => {
  for (const faithful of [false, true]) {
    const lab = await startLab({ ports: PORTS, faithful });
    t.after(() => lab.close());
    await register(lab.nodesUrl, NODE, { a: '1' });
    const ask = async (path: string): Promise<string | undefined> => {
      const reply = await fetch(`${lab.nodesUrl}${path}`);
      await reply.arrayBuffer();
      return reasonOf({ headers: Object.fromEntries(reply.headers) });
    };
    for (const path of [
      `/razor/api/node/checkin?hw_id=${NODE}&last_state=idle`, // before the framework
      `/razor/api/node/checkin?hw_id=${NODE}&last_state=idle&x=1`,
      `/hanlon/api/v1/node/checkin?mac_id=${NODE}&last_state=idle`,
    ])
      assert.equal(await ask(path), faithful ? undefined : 'there are no policies', `${path} ${faithful}`);
  }
});
