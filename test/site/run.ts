/**
 * npm run test:site: the site of docs/site.md with real engines, under load, while its machines fail. What was acknowledged is
 * compared by content with what is stored at the end. `-- --seconds 30` loads longer before each fault.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { HUB, makeNetworks, removeNetworks } from './cluster.ts';

const NEEDED = [
  '/usr/bin/patroni',
  '/usr/bin/etcd',
  '/usr/sbin/haproxy',
  '/usr/lib/postgresql/15/bin/postgres',
  '/usr/sbin/ip',
];
const missing = NEEDED.filter((path) => !existsSync(path));
if (process.getuid?.() !== 0 || missing.length > 0) {
  const why =
    missing.length > 0
      ? `${missing.join(', ')} not installed (Debian: patroni, etcd-server, haproxy, postgresql-15)`
      : 'it needs root';
  process.stdout.write(`skipped: ${why}\n`);
  process.exit(0);
}
const directory = temporaryDirectory();
chmodSync(directory, 0o755);
try {
  await makeNetworks();
  const inside = fileURLToPath(new URL('faults.ts', import.meta.url));
  const words = ['netns', 'exec', HUB, process.execPath, inside, directory, ...process.argv.slice(2)];
  const ended = spawnSync('/usr/sbin/ip', words, {
    stdio: 'inherit',
    env: { ...process.env, RAZOR_MK_SITE: HUB.replace('site-hub-', '') },
  });
  process.exitCode = ended.status ?? 1;
} finally {
  await removeNetworks();
}
