/** npm run test:package: the executable with the lab in it, for real: no Node, no clone, a root directory with its libraries alone. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sha256OfFile } from '../../packaging/executable/budget.ts';
import { buildExecutable, type PackageResult } from '../../packaging/executable/executable.ts';
import { startDaemon, type Daemon } from '../../platform/process/daemon.ts';
import { run, type RunResult } from '../../platform/process/run.ts';
import { checkin, register, type LabUrls } from '../helpers/lab-process.ts';
import { NO_POSTGRES, startPostgres, type PostgresServer } from '../helpers/postgres-server.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { until } from '../helpers/until.ts';

const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
const directory = temporaryDirectory();
const skip = process.getuid?.() === 0 ? false : 'chroot needs root';

async function build(place: string): Promise<PackageResult> {
  const output = join(directory, place);
  mkdirSync(output, { recursive: true });
  const [version, commit, cache] = ['9.8.7', 'abc1234', join(directory, 'cache')];
  const options = { arch, version, commit, output, cache, env: {}, lab: true, budget: false } as const;
  return await buildExecutable({ ...options, say: () => undefined });
}
const made = await build('one');
const bare = temporaryDirectory();
let server: PostgresServer | undefined;
before(async () => {
  for (const place of ['lib64', 'lib', 'tmp', 'srv']) mkdirSync(join(bare, place));
  for (const { name, path } of made.libraries) {
    copyFileSync(path, join(bare, 'lib', name));
    if (name.startsWith('ld-')) copyFileSync(path, join(bare, 'lib64', name));
  }
  copyFileSync(made.executable, join(bare, 'razor-mk-lab'));
  if (NO_POSTGRES === false) server = await startPostgres(undefined);
});
after(() => server?.stop());

const lab = async (...words: string[]): Promise<RunResult> =>
  await run(['chroot', bare, '/razor-mk-lab', 'lab', ...words], { timeoutMs: 30_000 });

interface Running extends LabUrls {
  readonly daemon: Daemon;
  /** What it printed, line by line. */
  readonly lines: readonly string[];
}

async function start(...words: string[]): Promise<Running> {
  const lines: string[] = [];
  const complaints: string[] = [];
  let urls: LabUrls | undefined;
  const ports = ['--port', '--image-port', '--people-port'].flatMap((name) => [name, '0']);
  const daemon = await startDaemon(['chroot', bare, '/razor-mk-lab', 'lab', '--events', ...ports, ...words], {
    onLine(line, stream) {
      (stream === 'stdout' ? lines : complaints).push(line);
      if (stream === 'stdout' && line.includes('"ready"')) urls = JSON.parse(line) as LabUrls;
    },
  });
  await until('the lab', () => urls !== undefined || complaints.length > 0, 30_000);
  assert.ok(urls, complaints.join('\n'));
  return { ...urls, daemon, lines };
}

test('its name is its own, and two builds have the same bytes', { timeout: 400_000 }, async (t) => {
  assert.match(made.executable, /\/razor-mk-lab$/);
  const again = await build('two/deeper');
  assert.equal(again.sha256, made.sha256);
  assert.equal(await sha256OfFile(again.executable), await sha256OfFile(made.executable));
  t.diagnostic(`${statSync(made.executable).size} bytes, ${made.packages} npm packages`);
});

test('a lab runs where there is nothing but its libraries, and keeps everything in its file', { skip }, async (t) => {
  const checked = await lab('check', '--db', '/srv/lab.db');
  assert.equal(checked.status, 0, checked.stderr.toString());
  assert.match(checked.stdout.toString(), /^good +database +\/srv\/lab\.db will be made$/m);
  const first = await start('--db', '/srv/lab.db');
  t.after(() => first.daemon.stop());
  for (const [path, start] of [
    ['/', '<!doctype html>'],
    ['/assets/page.css', ':root'],
    ['/assets/icon.svg', '<svg'],
    ['/api/openapi.json', '{"openapi":"3.1'],
  ] as const) {
    const reply = await fetch(`${first.peopleUrl}${path}`);
    assert.equal(reply.status, 200, path);
    assert.ok((await reply.text()).startsWith(start), path);
  }
  assert.equal(await checkin(first.nodesUrl, '525400000001'), 'register');
  assert.equal((await register(first.nodesUrl, '525400000001', { a: '1' })).status, 200);
  const added = await lab('broker', 'add', '--name', 'b', '--url', 'http://b/', '--sign', '--lab', first.peopleUrl);
  assert.equal(added.status, 0, added.stderr.toString());
  await first.daemon.stop();
  for (const line of first.lines) assert.doesNotThrow(() => JSON.parse(line) as unknown, `every line is JSON: ${line}`);
  const again = await start('--db', '/srv/lab.db');
  t.after(() => again.daemon.stop());
  assert.equal(await checkin(again.nodesUrl, '525400000001'), 'acknowledge');
  assert.match((await lab('broker', '--lab', again.peopleUrl)).stdout.toString(), /"signed": true/);
});

test('it shares a database of PostgreSQL', { skip: skip || NO_POSTGRES }, async (t) => {
  const url = (await server?.newDatabase()) ?? '';
  const running = await start('--database', url, '--image-dir', '/srv', '--secrets-key', '/srv/secrets.key');
  t.after(() => running.daemon.stop());
  assert.equal((await register(running.nodesUrl, '525400000002', { a: '1' })).status, 200);
  assert.equal(await server?.sql('SELECT hw_id FROM razor_mk.hw_id', url), '525400000002');
});

test('its service starts the executable; what needs a clone says so', { skip }, async () => {
  const units = await lab('install-units', '--root', '/tmp/units');
  assert.equal(units.status, 0, units.stderr.toString());
  const unit = await run(['cat', join(bare, 'tmp/units/etc/systemd/system/razor-mk-lab.service')]);
  assert.match(unit.stdout.toString(), /^ExecStart=\/razor-mk-lab lab --config \/etc\/razor-mk\/lab\.yaml$/m);
  const laid = await lab('ipxe', '--server', '10.0.0.1', '--out', '/tmp/tftp');
  assert.deepEqual(
    [laid.status, /lab ipxe --out is not part of the executable/.test(laid.stderr.toString())],
    [64, true],
  );
});
