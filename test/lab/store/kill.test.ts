import assert from 'node:assert/strict';
import { join } from 'node:path';
import { it } from 'node:test';
import { startLab } from '../../../lab/lab-server.ts';
import { checkKills } from '../../helpers/lab-kill.ts';
import { register } from '../../helpers/lab-process.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const NO_PORTS = { nodes: 0, images: 0, people: 0, razorServer: 0 };

it('loses no register that it acknowledged when it is killed with -9 in the middle of hundreds', async () => {
  const acknowledged = await checkKills(3);
  assert.ok(acknowledged > 50, `only ${acknowledged} were acknowledged`);
});

it('keeps everything in its file, and does not share it with another lab', async () => {
  const directory = temporaryDirectory();
  const db = join(directory, 'lab.db');
  const lab = await startLab({ ports: NO_PORTS, db });
  try {
    await register(lab.nodesUrl, '525400000001', { a: '1' });
    await assert.rejects(startLab({ ports: NO_PORTS, db }), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'RAZOR_MK_LAB_DB');
      assert.match(error.message, /another lab has it open/);
      return true;
    });
  } finally {
    await lab.close();
  }
  const again = await startLab({ ports: NO_PORTS, db });
  const node = again.store.nodes.find(['525400000001'])[0];
  assert.deepEqual(node && again.store.nodes.facts(node.id), { a: '1' });
  await again.close();
});
