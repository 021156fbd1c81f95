import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { openStore } from '../../lab/store.ts';
import { register, startLabProcess } from '../helpers/lab-process.ts';

it('loses no register that it acknowledged when it is killed with -9 in the middle of hundreds', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'lab-kill-'));
  const db = join(directory, 'lab.db');
  const acknowledged = new Map<string, string>();
  let next = 0;
  try {
    for (let kill = 0; kill < 3; kill++) {
      const lab = await startLabProcess('--db', db);
      const worker = async (): Promise<void> => {
        for (;;) {
          const serial = String(next++);
          const hwId = `5254${serial.padStart(8, '0')}`;
          try {
            const reply = await register(lab.nodesUrl, hwId, { serial, padding: 'x'.repeat(2000) });
            if ((await reply.json()) !== undefined && reply.status === 200) acknowledged.set(hwId, serial);
          } catch {
            return; // it is dead
          }
        }
      };
      const workers = Array.from({ length: 8 }, worker);
      await new Promise((resolve) => setTimeout(resolve, 300 + kill * 70));
      process.kill(lab.daemon.pid, 'SIGKILL');
      await Promise.all(workers);
      await lab.daemon.exited;
      const store = openStore(db);
      for (const [hwId, serial] of acknowledged) {
        const node = store.nodes.find([hwId])[0];
        assert.ok(node, `${hwId} was acknowledged and is gone`);
        assert.equal(store.nodes.facts(node.id)['serial'], serial);
      }
      store.close();
    }
    assert.ok(acknowledged.size > 50, `only ${acknowledged.size} were acknowledged`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
