/** A PostgreSQL server of the test's own: Debian's, in a temporary directory, on a free port, not as root. */
import { chownSync, existsSync, globSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startDaemon, type Daemon } from '../../platform/process/daemon.ts';
import { run } from '../../platform/process/run.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { until } from './until.ts';

/** Debian's programs, the newest version; undefined where they are not installed. */
const PROGRAMS = globSync('/usr/lib/postgresql/*/bin/initdb')
  .sort()
  .at(-1)
  ?.replace(/\/initdb$/, '');

/** Why there is no server to test with; false where there is one. For `skip` of a test. */
export const NO_POSTGRES = PROGRAMS === undefined && 'PostgreSQL is not installed (Debian: postgresql-15)';

export interface PostgresServer {
  /** Of an empty database of its own. */
  newDatabase(): Promise<string>;
  /** Runs SQL as its superuser and gives psql's plain output. */
  sql(text: string, url?: string): Promise<string>;
  readonly port: number;
  /** Where its files are. */
  readonly data: string;
  /** Where its programs are. */
  readonly programs: string;
  /** kill -9 of the server's first process; the others notice it. */
  kill(): Promise<void>;
  /** Starts it again on its data. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Its superuser. */
const USER = 'lab';

/** Starts one; it ends after `t`, or by `stop`. `settings` are lines of postgresql.conf, `name = value`. */
export async function startPostgres(
  t: Pick<TestContext, 'after'> | undefined,
  settings: readonly string[] = [],
  user = USER,
): Promise<PostgresServer> {
  if (PROGRAMS === undefined) throw new Error(String(NO_POSTGRES));
  const programs = PROGRAMS;
  const data = join(temporaryDirectory(t), 'data');
  const asUser = unprivileged(join(data, '..'));
  const port = await freePort();
  const made = await run(
    [...asUser, `${programs}/initdb`, '-D', data, '-U', user, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    {
      timeoutMs: 60_000,
      cwd: '/',
    },
  );
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr.toString()}`);
  let daemon: Daemon | undefined;
  const words = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${data}`,
    'max_connections=60',
    ...settings,
  ];
  const url = (name: string): string => `postgres://${user}@127.0.0.1:${port}/${name}`;
  const sql = async (text: string, at = url('postgres')): Promise<string> => {
    const asked = await run([`${programs}/psql`, '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', text, at], {
      timeoutMs: 30_000,
    });
    if (asked.status !== 0) throw new Error(asked.stderr.toString());
    return asked.stdout.toString().trim();
  };
  const start = async (): Promise<void> => {
    const log: string[] = [];
    const argv = [
      ...asUser,
      `${programs}/postgres`,
      '-D',
      data,
      ...words.flatMap((word) => ['-c', word.replace(/ = /, '=')]),
    ];
    daemon = await startDaemon(argv as [string, ...string[]], { cwd: '/', onLine: (line) => void log.push(line) });
    let up = false;
    const ended = daemon.exited.then(() => Promise.reject(new Error(`PostgreSQL ended: ${log.slice(-5).join(' ')}`)));
    const ready = async (): Promise<void> => {
      while (!up) {
        up = await sql('SELECT 1').then(
          () => true,
          () => false,
        );
      }
    };
    await Promise.race([ready(), ended]).finally(() => (up = true));
    ended.catch(() => undefined);
  };
  await start();
  let databases = 0;
  const stop = async (): Promise<void> => await daemon?.stop(10_000);
  t?.after(stop);
  return {
    port,
    data,
    programs,
    sql,
    start,
    stop,
    async newDatabase() {
      const name = `site_${++databases}`;
      await sql(`CREATE DATABASE ${name}`);
      return url(name);
    },
    async kill() {
      const pids = children(daemon?.pid ?? 0);
      process.kill(daemon?.pid ?? 0, 'SIGKILL');
      await daemon?.exited;
      // its children end by themselves; a new server refuses to start before that
      await until('the end of the server’s processes', () => pids.every((pid) => !existsSync(`/proc/${pid}`)));
    },
  };
}

/** Root runs it as Debian's user; PostgreSQL refuses root. */
function unprivileged(directory: string): [string, ...string[]] | [] {
  if (process.getuid?.() !== 0) return [];
  const [, uid = '0', gid = '0'] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  chownSync(directory, Number(uid), Number(gid));
  return ['/usr/bin/setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
}

function children(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter((each) => each !== '');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
