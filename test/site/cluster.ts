/**
 * The site of docs/site.md in network namespaces: two machines with Patroni and PostgreSQL, one with etcd, HAProxy and the labs. The
 * configuration is that of docs/site/, with directories of the test's own.
 */
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startDaemon, type Daemon } from '../../platform/process/daemon.ts';
import { run } from '../../platform/process/run.ts';

const FILES = fileURLToPath(new URL('../../docs/site/', import.meta.url));
const DATA_OF_RECIPE = '/var/lib/postgresql/site';

export type MachineName = 'n1' | 'n2';

/** The hub, which the test itself runs in. */
export const HUB = `site-hub-${process.env['RAZOR_MK_SITE'] ?? process.pid}`;
const namespaceOf = (name: MachineName): string => `${HUB}-${name}`;

export interface Cluster {
  /** Ends all processes of a machine with -9 and takes its network away. */
  kill(name: MachineName): Promise<void>;
  /** Takes its network away, or gives it back. */
  cut(name: MachineName, away: boolean): Promise<void>;
  /** Starts a machine that was killed. */
  revive(name: MachineName): Promise<void>;
  /** Which machine says that it is the primary; undefined where none, or both, do. */
  primary(): Promise<MachineName | undefined>;
  stop(): Promise<void>;
}

async function must(...argv: [string, ...string[]]): Promise<string> {
  const result = await run(argv, { timeoutMs: 30_000 });
  if (result.status !== 0) throw new Error(`${argv.join(' ')}: ${result.stderr.toString()}`);
  return result.stdout.toString();
}

const ip = (...words: string[]): Promise<string> => must('/usr/sbin/ip', ...words);

/** Namespaces with a bridge for data and one for etcd. Called outside the hub. */
export async function makeNetworks(): Promise<void> {
  await ip('netns', 'add', HUB);
  await ip('-n', HUB, 'link', 'set', 'lo', 'up');
  for (const [bridge, address] of [
    ['lan0', '10.77.1.1/24'],
    ['dcs0', '10.77.2.1/24'],
  ] as const) {
    await ip('-n', HUB, 'link', 'add', 'name', bridge, 'type', 'bridge');
    await ip('-n', HUB, 'addr', 'add', address, 'dev', bridge);
    await ip('-n', HUB, 'link', 'set', bridge, 'up');
  }
  for (const [name, host] of [
    ['n1', '11'],
    ['n2', '12'],
  ] as const) {
    const there = namespaceOf(name);
    await ip('netns', 'add', there);
    await ip('-n', there, 'link', 'set', 'lo', 'up');
    for (const [card, bridge, net] of [
      ['data', 'lan0', '1'],
      ['dcs', 'dcs0', '2'],
    ] as const) {
      await ip(
        'link',
        'add',
        'name',
        `${card}-${name}`,
        'netns',
        HUB,
        'type',
        'veth',
        'peer',
        'name',
        card,
        'netns',
        there,
      );
      await ip('-n', HUB, 'link', 'set', `${card}-${name}`, 'master', bridge, 'up');
      await ip('-n', there, 'addr', 'add', `10.77.${net}.${host}/24`, 'dev', card);
      await ip('-n', there, 'link', 'set', 'dev', card, 'up');
    }
  }
}

/** Takes them away again. */
export async function removeNetworks(): Promise<void> {
  for (const name of [namespaceOf('n1'), namespaceOf('n2'), HUB]) {
    const pids = await run(['/usr/sbin/ip', 'netns', 'pids', name], { timeoutMs: 10_000 });
    for (const pid of pids.stdout
      .toString()
      .split('\n')
      .filter((each) => each !== '')) {
      if (Number(pid) !== process.pid) process.kill(Number(pid), 'SIGKILL');
    }
    await run(['/usr/sbin/ip', 'netns', 'del', name], { timeoutMs: 10_000 });
  }
}

const SUPERUSER: [string, ...string[]] = ['/usr/bin/setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'];

/** Starts everything; `directory` can be entered by everybody. Called within the hub. */
export async function startCluster(directory: string, log: (line: string) => void): Promise<Cluster> {
  const [, uid = '0', gid = '0'] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  for (const name of ['etcd', 'n1', 'n2']) {
    mkdirSync(join(directory, name));
    chownSync(join(directory, name), Number(uid), Number(gid));
  }
  const daemons = new Map<string, Daemon>();
  const start = async (name: string, argv: [string, ...string[]]): Promise<void> => {
    daemons.set(name, await startDaemon(argv, { cwd: '/', onLine: (line) => log(`${name}: ${line}`) }));
  };
  const urls = ['--listen-client-urls', 'http://10.77.2.1:2379', '--advertise-client-urls', 'http://10.77.2.1:2379'];
  await start('etcd', [...SUPERUSER, '/usr/bin/etcd', '--data-dir', join(directory, 'etcd'), ...urls]);
  await start('haproxy', ['/usr/sbin/haproxy', '-db', '-f', join(FILES, 'haproxy.cfg')]);
  const recipe = readFileSync(join(FILES, 'n1.yml'), 'utf8').replaceAll(DATA_OF_RECIPE, directory);
  const startMachine = async (name: MachineName): Promise<void> => {
    const text = name === 'n1' ? recipe : recipe.replaceAll('n1', 'n2').replaceAll('10.77.1.11', '10.77.1.12');
    const path = join(directory, `${name}.yml`);
    writeFileSync(path, text);
    await start(name, ['/usr/sbin/ip', 'netns', 'exec', namespaceOf(name), ...SUPERUSER, '/usr/bin/patroni', path]);
  };
  await startMachine('n1');
  await startMachine('n2');
  const links = async (name: MachineName, state: 'up' | 'down'): Promise<void> => {
    for (const card of ['data', 'dcs']) await ip('-n', HUB, 'link', 'set', `${card}-${name}`, state);
  };
  return {
    async kill(name) {
      await links(name, 'down');
      const pids = await ip('netns', 'pids', namespaceOf(name));
      for (const pid of pids.split('\n').filter((each) => each !== '')) {
        try {
          process.kill(Number(pid), 'SIGKILL');
        } catch {
          // its parent took it along
        }
      }
      await daemons.get(name)?.exited;
    },
    cut: (name, away) => links(name, away ? 'down' : 'up'),
    async revive(name) {
      await links(name, 'up');
      await startMachine(name);
    },
    async primary() {
      const says = async (host: string): Promise<boolean> => {
        const signal = AbortSignal.timeout(1000);
        return await fetch(`http://${host}:8008/primary`, { signal }).then(
          ({ status }) => status === 200,
          () => false,
        );
      };
      const [n1, n2] = await Promise.all([says('10.77.1.11'), says('10.77.1.12')]);
      return n1 === n2 ? undefined : n1 ? 'n1' : 'n2';
    },
    async stop() {
      for (const name of ['n1', 'n2', 'haproxy', 'etcd']) await daemons.get(name)?.stop(5000);
    },
  };
}
