/** kill -9 at any moment: of the agent in the middle of its turns, of its writing of state, and of a lab in the middle of registers. */
import { openStateStore } from '../../agent/state/state-store.ts';
import { agentProcess } from '../helpers/agent-process.ts';
import { killRun } from '../helpers/kill-run.ts';
import { generator } from '../helpers/seeded.ts';
import { checkKills } from '../helpers/lab-kill.ts';
import { startLabProcess } from '../helpers/lab-process.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { counted, firstLine, type Row, type Scale } from './suite.ts';

const CAPTURE = new URL('../fixtures/captures/firecracker.tar.gz', import.meta.url).pathname;

/** 200 kills of each. */
export async function attackByKilling(scale: Scale): Promise<readonly Row[]> {
  return [await killAgents(scale), await killWriters(scale), await killLabs(scale)];
}

/** What was registered stays registered, its state is always whole, and the lab has one node in the end. */
async function killAgents(scale: Scale): Promise<Row> {
  const what = 'kill -9 of an agent in its turns: state whole, one node, registered for good';
  const tried = counted(scale, 200, 3);
  const random = generator(scale.seed);
  const failed: string[] = [];
  const lab = await startLabProcess();
  const stateDir = temporaryDirectory();
  let registered = false;
  try {
    for (let count = 0; count < tried; count++) {
      const turns = ['--checkin-interval', '0.1', '--checkin-skew', '0', '--from', CAPTURE];
      const agent = await agentProcess(['--server', new URL(lab.nodesUrl).host, ...turns], {
        stateDir,
        keepState: true,
      });
      // the first must come to a register, the others die anywhere
      const until = count === 0 ? 'registered' : pick(random);
      await agent.until(until, (events) => events.some(({ event }) => event === until), 60_000);
      await new Promise((resolve) => setTimeout(resolve, random() * 150));
      const toldAgain = registered && agent.events.some((event) => event.event === 'checkin' && event.firstCheckin);
      if (toldAgain) failed.push(`kill ${count}: it told its first check-in again`);
      registered ||= agent.events.some(({ event }) => event === 'registered');
      process.kill(agent.daemon.pid, 'SIGKILL');
      await agent.daemon.exited;
      const store = await openStateStore(stateDir);
      for (const problem of store.takeProblems()) failed.push(`kill ${count}: ${problem}`);
      if (registered && store.previousFacts === undefined)
        failed.push(`kill ${count}: the facts that were sent are gone`);
    }
    const { body } = await lab.api('GET', '/nodes');
    const nodes = Array.isArray(body) ? body.length : ((body as { nodes?: unknown[] }).nodes?.length ?? -1);
    if (nodes !== 1) failed.push(`the lab has ${nodes} nodes`);
    return { what, tried, failed };
  } catch (error) {
    return { what, tried, failed: [...failed, firstLine(error)] };
  } finally {
    await lab.stop();
  }
}

function pick(random: () => number): 'started' | 'checkin' {
  return random() < 0.5 ? 'started' : 'checkin';
}

async function killWriters(scale: Scale): Promise<Row> {
  const what = 'kill -9 while state is written: old or new, never a part';
  const tried = counted(scale, 200, 5);
  try {
    const { during } = await killRun(tried, generator(scale.seed + 1));
    return { what, tried, failed: [], note: `${during} hit a write` };
  } catch (error) {
    return { what, tried, failed: [firstLine(error)] };
  }
}

async function killLabs(scale: Scale): Promise<Row> {
  const what = 'kill -9 of a lab: no register that it acknowledged is lost';
  const tried = counted(scale, 200, 2);
  try {
    return { what, tried, failed: [], note: `${await checkKills(tried)} acknowledged` };
  } catch (error) {
    return { what, tried, failed: [firstLine(error)] };
  }
}
