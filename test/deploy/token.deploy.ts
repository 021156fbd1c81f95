import assert from 'node:assert/strict';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tftpGet } from '../../agent/servers/ironic-2014/parameters/tftp.ts';
import { startDaemon } from '../../platform/process/daemon.ts';
import { freeUdpPort } from './ports.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

test('a real in.tftpd: files of every kind of length arrive, a missing one is told', async () => {
  const dir = temporaryDirectory();
  chmodSync(dir, 0o755); // in.tftpd gives its rights up
  const port = await freeUdpPort();
  const files = { empty: 0, token: 21, two: 1024, edge: 2856, large: 40_000_000 };
  for (const [name, size] of Object.entries(files))
    writeFileSync(join(dir, name), Buffer.alloc(size, name), { mode: 0o644 });
  const server = await startDaemon(['in.tftpd', '-L', '--address', `127.0.0.1:${port}`, '--secure', dir]);
  try {
    const get = (file: string): Promise<Buffer> =>
      tftpGet({ host: '127.0.0.1', port, file, limit: 64_000_000, waitMs: 300, timeoutMs: 60_000 });
    for (const [name, size] of Object.entries(files))
      assert.ok((await get(name)).equals(Buffer.alloc(size, name)), name);
    await assert.rejects(get('absent'), { code: 'RAZOR_MK_TFTP', message: /refused \(1/ });
  } finally {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});
