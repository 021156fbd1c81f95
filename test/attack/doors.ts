/** Odd requests against everything that listens: the lab's doors, the agent's local port, its doors for Ironic and Foreman. */
import { writeFileSync } from 'node:fs';
import { connect as connectPlain, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { selfSigned } from '../../agent/http/tls/self-signed.ts';
import { agentProcess, type AgentProcess } from '../helpers/agent-process.ts';
import { startForeman } from '../helpers/foreman/server.ts';
import { call } from '../helpers/ironic-agent.ts';
import { TOKEN } from '../helpers/ironic-conductor.ts';
import { startIronic } from '../helpers/ironic-standin.ts';
import { checkFuzz } from '../helpers/lab-fuzz-run.ts';
import { oddRequest, sendRaw } from '../helpers/lab-fuzz.ts';
import { generator, pick } from '../helpers/seeded.ts';
import { scriptedServer } from '../helpers/scripted-server.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { residentMib } from './memory.ts';
import { counted, firstLine, type Row, type Scale } from './suite.ts';

const CAPTURE = new URL('../fixtures/captures/firecracker.tar.gz', import.meta.url).pathname;
const CAPTURED_MAC = '02:fc:00:db:02:41';

const LOCAL = ['/setMkConfig', '/status', '/metrics', '/health', '/', '/WORD', '/setMkConfig/WORD'];
const IRONIC = [
  ...['/v1/commands/', '/v1/commands/WORD', '/v1/status', '/v1/', '/', '/WORD', '/v1/commands/?wait=WORD'],
  `/v1/commands/?wait=true&agent_token=${TOKEN}`,
  `/v1/commands/?wait=false&agent_token=${TOKEN}&x=WORD`,
  `/v1/commands/WORD?agent_token=${TOKEN}`,
];
const FOREMAN = [
  '/bdi/power/reboot',
  '/power/reboot',
  '/power/kexec',
  '/inventory/facter',
  '/WORD',
  '/',
  '/power/WORD',
];

interface Door {
  readonly what: string;
  readonly paths: readonly string[];
  readonly open: () => Socket;
  readonly agent: AgentProcess;
  /** Whether it still does its work afterwards. Throws. */
  readonly works: () => Promise<void>;
}

/** 11,000 requests to the lab, 5,000 to each door of the agent. */
export async function attackDoors(scale: Scale): Promise<readonly Row[]> {
  const rows: Row[] = [await labDoors(scale)];
  for (const door of [localDoor, ironicDoor, foremanDoor]) rows.push(await attackDoor(door, scale));
  return rows;
}

async function labDoors(scale: Scale): Promise<Row> {
  const tried = counted(scale, 11_000, 400);
  const what = 'odd requests to the four doors of a lab';
  try {
    const { byStatus } = await checkFuzz(tried, scale.seed);
    return { what, tried, failed: [], note: JSON.stringify(byStatus) };
  } catch (error) {
    return { what, tried, failed: [firstLine(error)] };
  }
}

async function attackDoor(open: () => Promise<Door & { close(): Promise<void> }>, scale: Scale): Promise<Row> {
  const door = await open();
  const random = generator(scale.seed + 1);
  const tried = counted(scale, 5000, 200);
  const failed: string[] = [];
  const statuses = new Map<string, number>();
  let left = tried;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const bytes = oddRequest(random, pick(random, door.paths));
      const status = await sendRaw(door.open, bytes);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      const head = bytes.toString('latin1').slice(0, 80).split('\r\n')[0];
      // Foreman's contract has 500 for a kexec that is refused
      if (!/^[1-4]\d\d$|^50[13]$/.test(status) && !(status === '500' && /\/kexec/.test(head ?? '')))
        failed.push(`${status}: ${JSON.stringify(head)}`);
    }
  };
  try {
    const before = residentMib(door.agent.daemon.pid);
    await Promise.all(Array.from({ length: 8 }, worker));
    await door.works();
    const memory = `${before} MiB before, ${residentMib(door.agent.daemon.pid)} after`;
    const broken = door.agent.events.some((event) => event.event === 'error' && event.code === 'RAZOR_MK_INTERNAL');
    if (broken) failed.push('an unexpected error was told');
    return { what: door.what, tried, failed, note: `${JSON.stringify(Object.fromEntries(statuses))}, ${memory}` };
  } catch (error) {
    return { what: door.what, tried, failed: [...failed, firstLine(error)] };
  } finally {
    await door.close();
  }
}

async function localDoor(): Promise<Door & { close(): Promise<void> }> {
  const server = await scriptedServer();
  const turns = ['--checkin-interval', '0.5', '--checkin-skew', '0'];
  const agent = await agentProcess(['--server', server.url, ...turns, '--log-level', 'debug']);
  const port = await portOf(agent);
  return {
    what: 'odd requests to the local port of an agent',
    paths: LOCAL,
    open: () => connectPlain(port, '127.0.0.1'),
    agent,
    works: () => moreOf(agent, 'checkin'),
    async close() {
      await agent.stop();
      await server.close();
    },
  };
}

async function portOf(agent: AgentProcess): Promise<number> {
  const find = (): string | undefined =>
    agent.lines.map((line) => /local interface on http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1]).find(Boolean);
  await agent.until('the local interface', () => find() !== undefined);
  return Number(find());
}

/** The agent still goes through its turns. */
async function moreOf(agent: AgentProcess, kind: 'checkin' | 'heartbeat' | 'reported'): Promise<void> {
  const count = (): number => agent.events.filter(({ event }) => event === kind).length;
  const seen = count();
  await agent.until(`another ${kind}`, () => count() > seen, 60_000);
}

async function ironicDoor(): Promise<Door & { close(): Promise<void> }> {
  const ironic = await startIronic({ macs: [CAPTURED_MAC] });
  const line = join(temporaryDirectory(), 'cmdline');
  writeFileSync(line, `ipa-api-url=${ironic.url}\n`);
  const agent = await agentProcess(['--cmdline', line, '--from', CAPTURE]);
  await agent.until('serving', (events) => events.some(({ event }) => event === 'serving'));
  const serving = agent.events.find((event) => event.event === 'serving');
  const { hostname, port } = new URL(serving?.callback ?? '');
  return {
    what: 'odd requests to the API for Ironic, some with the right token',
    paths: IRONIC,
    open: () => connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false }),
    agent,
    async works() {
      const { status } = await call(`${serving?.callback}/v1/commands/?agent_token=${TOKEN}`, 'GET');
      if (status !== 200) throw new Error(`the conductor gets ${status}`);
    },
    async close() {
      await agent.stop();
      await ironic.close();
    },
  };
}

async function foremanDoor(): Promise<Door & { close(): Promise<void> }> {
  const dir = temporaryDirectory();
  const tls = selfSigned({ address: '127.0.0.1', days: 1, now: new Date() });
  const foreman = await startForeman({ tls });
  writeFileSync(join(dir, 'cmdline'), `proxy.url=${foreman.url} proxy.type=foreman BOOTIF=01-02-fc-00-db-02-41\n`);
  writeFileSync(join(dir, 'ca.pem'), tls.cert);
  const files = ['--cmdline', join(dir, 'cmdline'), '--from', CAPTURE, '--resolv-conf', join(dir, 'none')];
  const agent = await agentProcess([...files, '--checkin-skew', '0', '--ca-file', join(dir, 'ca.pem')]);
  await agent.until('orders are taken', (events) => events.some(({ event }) => event === 'listening'));
  const listening = agent.events.find((event) => event.event === 'listening');
  const url = new URL(listening?.url ?? '');
  return {
    what: 'odd requests to the API for Foreman',
    paths: FOREMAN,
    open: () =>
      url.protocol === 'https:'
        ? connectTls({ host: url.hostname, port: Number(url.port), rejectUnauthorized: false })
        : connectPlain(Number(url.port), url.hostname),
    agent,
    async works() {
      const status = await sendRaw(
        () => connectTls({ host: url.hostname, port: Number(url.port), rejectUnauthorized: false }),
        Buffer.from('GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
      );
      if (!/^4\d\d$/.test(status)) throw new Error(`a plain question gets ${status}`);
    },
    async close() {
      await agent.stop();
      await foreman.close();
    },
  };
}
