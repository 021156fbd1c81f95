/** Kills a lab with -9 again and again in the middle of registers, and looks for those that it acknowledged. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { openStore } from '../../lab/store/sqlite/open-store.ts';
import { generator } from './seeded.ts';
import { register, startLabProcess } from './lab-process.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** The number of registers that were acknowledged, all of which were found again after each of `kills` kills. */
export async function checkKills(kills: number): Promise<number> {
  const random = generator(kills);
  const directory = temporaryDirectory();
  const db = join(directory, 'lab.db');
  const acknowledged = new Map<string, string>();
  let next = 0;
  for (let kill = 0; kill < kills; kill++) {
    const lab = await startLabProcess('--db', db);
    // counted, not timed: a machine that is busy is as good
    const enough = acknowledged.size + 20 + Math.floor(random() * 40);
    const due = Promise.withResolvers<void>();
    const worker = async (): Promise<void> => {
      for (;;) {
        const serial = String(next++);
        const hwId = `5254${serial.padStart(8, '0')}`;
        try {
          const reply = await register(lab.nodesUrl, hwId, { serial, padding: 'x'.repeat(2000) });
          if ((await reply.json()) !== undefined && reply.status === 200) acknowledged.set(hwId, serial);
          if (acknowledged.size >= enough) due.resolve();
        } catch {
          due.resolve();
          return; // it is dead
        }
      }
    };
    const workers = Array.from({ length: 8 }, worker);
    await due.promise;
    process.kill(lab.daemon.pid, 'SIGKILL');
    await Promise.all(workers);
    await lab.daemon.exited;
    const store = openStore(db);
    for (const [hwId, serial] of acknowledged) {
      const node = store.nodes.find([hwId])[0];
      assert.ok(node, `${hwId} was acknowledged and is gone`);
      assert.equal(store.nodes.facts(node.id)['serial'], serial);
    }
    await store.close();
  }
  return acknowledged.size;
}
