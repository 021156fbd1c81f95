/**
 * docs/site.md, walked: the commands of the page as they stand, on three machines that are directories, with a PostgreSQL that asks
 * for password and TLS. What is put in the place of the page's words is its addresses and directories alone. Patroni's commands are
 * those of npm run test:site.
 */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { startDaemon, type Daemon } from '../../platform/process/daemon.ts';
import { run, type RunResult } from '../../platform/process/run.ts';
import { authority, issued, noOpenssl } from '../helpers/certificates.ts';
import { checkin, register, type LabUrls } from '../helpers/lab-process.ts';
import { NO_POSTGRES, startPostgres, type PostgresServer } from '../helpers/postgres-server.ts';
import { MAIN, WITH_CACHE } from '../helpers/razor-mk.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { until } from '../helpers/until.ts';

const skip = NO_POSTGRES || noOpenssl;
const PAGE = readFileSync(new URL('../../docs/site.md', import.meta.url), 'utf8');
const BLOCKS = [...PAGE.matchAll(/^```\n([^]*?)\n```$/gm)].map(([, text = '']) => text);
const [
  USER_AND_DATABASE = '',
  LOOK_INTO = '',
  LAB = '',
  COPY_KEY = '',
  ROTATE = '',
  PATRONI = '',
  IN_STEP = '',
  MOVE = '',
] = BLOCKS;
const dir = temporaryDirectory();
let server: PostgresServer;
before(async () => {
  if (skip !== false) return;
  server = await startPostgres(undefined, [], 'postgres');
  await secure(server);
  layOut(server);
});
after(() => server?.stop());

/** TLS, and a password for everybody but the superuser. */
async function secure({ data, sql }: PostgresServer): Promise<void> {
  const made = issued(dir, 'server', authority(dir));
  const { uid, gid } = statSync(data);
  for (const [name, text] of [
    ['server.crt', made.cert],
    ['server.key', made.key],
    ['pg_hba.conf', 'host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n'],
  ] as const) {
    writeFileSync(join(data, name), text, { mode: 0o600 });
    chownSync(join(data, name), uid, gid);
  }
  await sql('ALTER SYSTEM SET ssl = on');
  await sql('SELECT pg_reload_conf()');
}

/** The programs of the page that are not ours, and three machines. */
function layOut({ port, programs }: PostgresServer): void {
  const shims = {
    'razor-mk': `exec '${process.execPath}' '${MAIN}' "$@"`,
    // sudo -u postgres COMMAND
    sudo: `[ "$1 $2" = '-u postgres' ] || exit 1; shift 2; PGHOST=127.0.0.1 PGPORT=${port} PGUSER=postgres exec "$@"`,
    // scp FILE labN:/PLACE/
    scp: `cp -p "$1" "${dir}/\${2%%:*}\${2#*:}"`,
    createuser: `exec ${programs}/createuser "$@"`,
    createdb: `exec ${programs}/createdb "$@"`,
  };
  mkdirSync(join(dir, 'bin'));
  for (const [name, text] of Object.entries(shims)) {
    writeFileSync(join(dir, 'bin', name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(dir, 'bin', name), 0o755);
  }
  for (const machine of ['lab1', 'lab2', 'lab3']) {
    mkdirSync(join(dir, machine, 'etc/razor-mk'), { recursive: true });
    copyFileSync(join(dir, 'ca.pem'), join(dir, machine, 'etc/razor-mk/ca.pem'));
  }
  mkdirSync(join(dir, 'images'));
}

/** The page's words on a machine of ours. */
function on(machine: string, text: string): string {
  return text
    .replaceAll('db.example', `127.0.0.1:${server.port}`)
    .replaceAll('0.0.0.0', '127.0.0.1')
    .replaceAll('/srv/razor-mk/images', join(dir, 'images'))
    .replaceAll(/(?<!:)\/etc\/razor-mk/g, join(dir, machine, 'etc/razor-mk'));
}

function environment(machine: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    ...WITH_CACHE,
    PATH: [join(dir, 'bin'), process.env['PATH'] ?? ''].join(delimiter),
    HOME: join(dir, machine),
    PGPASSWORD: 'PASSWORD',
    ...more,
  };
}

/** Without a terminal, which createuser would ask for the password. */
async function shell(
  machine: string,
  text: string,
  more?: Readonly<Record<string, string>>,
  input = '',
): Promise<RunResult> {
  const argv = ['setsid', '--wait', 'sh', '-ec', on(machine, text)] as const;
  return await run(argv, {
    cwd: join(dir, machine),
    env: environment(machine, more),
    input: Buffer.from(input),
    timeoutMs: 60_000,
  });
}

function good({ status, stdout, stderr }: RunResult): string {
  assert.equal(status, 0, `${stdout.toString()}${stderr.toString()}`);
  return stdout.toString();
}

interface Running extends LabUrls {
  readonly daemon: Daemon;
}

/** The page's lab, until it is ready; its complaints where it ends. */
async function startOn(machine: string): Promise<Running | string> {
  const ports = { PORT: '0', IMAGE_PORT: '0', PEOPLE_PORT: '0', EVENTS: 'true' };
  const env = Object.fromEntries(Object.entries(ports).map(([name, value]) => [`RAZOR_MK_LAB_${name}`, value]));
  const heard: string[] = [];
  let urls: LabUrls | undefined;
  const daemon = await startDaemon(['sh', '-ec', on(machine, LAB)], {
    cwd: join(dir, machine),
    env: environment(machine, env),
    onLine(line) {
      heard.push(line);
      const event = line.startsWith('{') ? (JSON.parse(line) as { type?: string } & LabUrls) : undefined;
      if (event?.type === 'ready') urls = event;
    },
  });
  let ended = false;
  void daemon.exited.then(() => (ended = true));
  await until(`${machine} to be ready`, () => urls !== undefined || ended, 30_000);
  return urls ? { ...urls, daemon } : heard.join('\n');
}

function running(lab: Running | string): Running {
  assert.ok(typeof lab !== 'string', String(lab));
  return lab;
}

async function eventually(what: string, condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await condition())) assert.ok(performance.now() < end, `waited too long for ${what}`);
}

test('the page has the commands that are walked here, and no others', () => {
  assert.equal(BLOCKS.length, 8);
  assert.match(PATRONI, /^mkdir -p \/etc\/postgresql-common\n.*createcluster.conf\napt-get .*patroni/);
});

test('docs/site.md: a site of three labs, made by the commands of the page', { skip, timeout: 240_000 }, async (t) => {
  good(await shell('lab1', USER_AND_DATABASE, {}, 'PASSWORD\nPASSWORD\n'));
  const first = running(await startOn('lab1'));
  t.after(() => first.daemon.stop());
  assert.match(String(await startOn('lab2')), /RAZOR_MK_LAB_SECRETS/, 'a lab without the key refuses to start');
  good(await shell('lab1', COPY_KEY));
  const [second, third] = (await Promise.all([startOn('lab2'), startOn('lab3')])).map(running) as [Running, Running];
  t.after(() => Promise.all([second.daemon.stop(), third.daemon.stop()]));
  const labs = [first, second, third];

  const ids = Array.from({ length: 30 }, (_, i) => `5254000000${String(i).padStart(2, '0')}`);
  await Promise.all(
    ids.map(async (id, i) => {
      const reply = await register(labs[i % 3]?.nodesUrl ?? '', id, { mk_hw_bus_product: `board ${i}` });
      assert.equal(reply.status, 200);
    }),
  );
  for (const [i, id] of ids.entries()) {
    const other = labs[(i + 1) % 3] as Running;
    await eventually(`${id} on another lab`, async () => (await checkin(other.nodesUrl, id)) === 'acknowledge');
  }
  const found = (await server.sql(LOOK_INTO, `postgres://postgres@127.0.0.1:${server.port}/site`)).split('\n');
  assert.deepEqual(found.sort(), ids.map((id, i) => `${id}|board ${i}`).sort());
  assert.equal(await server.sql(IN_STEP), '', 'no standby here');

  const url = { RAZOR_MK_LAB_URL: second.peopleUrl };
  good(await shell('lab2', 'razor-mk lab broker add --name awx --url http://awx.example/hook --sign', url));
  const rotated = good(await shell('lab1', ROTATE, { RAZOR_MK_LAB_URL: first.peopleUrl }));
  assert.match(rotated, /"sealed": 2/);
  const signed = async (lab: Running): Promise<boolean> => {
    const reply = await fetch(`${lab.peopleUrl}/api/brokers`);
    return reply.status === 200 && ((await reply.json()) as { signed: boolean }[])[0]?.signed === true;
  };
  for (const lab of labs) assert.ok(await signed(lab), 'every lab reads what was sealed anew');

  await first.daemon.stop(0);
  for (const lab of [second, third]) {
    const reply = await register(lab.nodesUrl, `5254000001${labs.indexOf(lab)}0`, { mk_hw_bus_product: 'later' });
    assert.equal(reply.status, 200, 'the others go on');
  }
  await Promise.all([second.daemon.stop(), third.daemon.stop()]);
});

test(
  'docs/site.md: the site moves to a file and back by the commands of the page',
  { skip, timeout: 120_000 },
  async () => {
    const [imports = '', exports = ''] = MOVE.split('\n');
    assert.match(good(await shell('lab1', exports)), /^node +32\n[^]*every row was read again and is the same\n/m);
    assert.ok(existsSync(join(dir, 'lab1/lab.db')));
    await server.sql('DROP DATABASE site');
    good(await shell('lab1', USER_AND_DATABASE.split('\n')[1] ?? ''));
    assert.match(good(await shell('lab1', imports)), /^node +32\n[^]*every row was read again and is the same\n/m);
    const again = running(await startOn('lab3'));
    try {
      assert.equal(await checkin(again.nodesUrl, '525400000007'), 'acknowledge');
    } finally {
      await again.daemon.stop();
    }
  },
);
