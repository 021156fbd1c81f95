/** What only shows after a long time: 10,000 turns with 1,000 faults, and the memory of a lab over 100,000 requests. */
import { Agent, request } from 'node:http';
import { agentProcess } from '../helpers/agent-process.ts';
import { hostileServer } from '../helpers/hostile-server.ts';
import { generator, pick } from '../helpers/seeded.ts';
import { startLabProcess } from '../helpers/lab-process.ts';
import { MISBEHAVIOURS } from '../helpers/misbehaviours.ts';
import { residentMib } from './memory.ts';
import { counted, firstLine, type Row, type Scale } from './suite.ts';

/** Both, one after the other. */
export async function attackOverTime(scale: Scale): Promise<readonly Row[]> {
  return [await turnsWithFaults(scale), await memoryOfLab(scale)];
}

/** Faults come at random turns; each good reply afterwards asks for the facts and must get them. */
async function turnsWithFaults(scale: Scale): Promise<Row> {
  const what = 'turns of one agent, every tenth with a random fault: the next good one is obeyed';
  const [turns, faults] = [counted(scale, 10_000, 200), counted(scale, 1000, 20)];
  const random = generator(scale.seed);
  const server = await hostileServer();
  const agent = await agentProcess([
    ...['--server', server.url, '--checkin-interval', '0.1', '--checkin-skew', '0', '--http-timeout', '1'],
    ...['--backoff-cap', '0.2', '--rediscover-after', '1000', '--fact-refresh', '3600'],
  ]);
  const memory: number[] = [];
  let given = 0;
  try {
    for (let due = 10; given < faults; due += 1 + Math.floor(random() * 2 * (turns / faults - 1))) {
      await agent.until(`turn ${due}`, () => server.checkins() >= due, 120_000);
      server.queue.push(pick(random, MISBEHAVIOURS));
      given += 1;
      await agent.until('the fault is served', () => server.queue.length === 0, 120_000);
      const registered = server.registered.length;
      await agent.until('the good reply is obeyed', () => server.registered.length > registered, 120_000);
      server.registered.splice(0);
      if (given % Math.max(1, Math.round(faults / 10)) === 0) memory.push(residentMib(agent.daemon.pid));
      // what was told is not kept here either
      const odd = agent.events.splice(0).find((event) => event.event === 'error' && event.code === 'RAZOR_MK_INTERNAL');
      if (odd !== undefined) throw new Error(`an unexpected error: ${JSON.stringify(odd)}`);
    }
    await agent.until('all turns', () => server.checkins() >= turns, 1_800_000);
    const note = `${server.checkins()} turns, ${given} faults, MiB of memory: ${memory.join(' ')}`;
    return { what, tried: server.checkins(), failed: grows(memory), note };
  } catch (error) {
    return { what, tried: server.checkins(), failed: [`after ${given} faults: ${firstLine(error)}`] };
  } finally {
    await agent.stop();
    await server.close();
  }
}

/** Memory that is a fifth larger at the end than after three tenths of the time has not come to rest. */
function grows(memory: readonly number[]): string[] {
  const [early, late] = [memory[2], memory.at(-1)];
  if (early === undefined || late === undefined || late <= early * 1.2) return [];
  return [`memory grew from ${early} to ${late} MiB`];
}

async function memoryOfLab(scale: Scale): Promise<Row> {
  const what = 'requests of 500 nodes to one lab: its memory comes to rest';
  const tried = counted(scale, 100_000, 2000);
  const lab = await startLabProcess();
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const memory: number[] = [];
  const failed: string[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < tried) {
      const count = next++;
      if (count % Math.round(tried / 10) === 0) memory.push(residentMib(lab.daemon.pid));
      const status = await ask(agent, lab.nodesUrl, count).catch((error: unknown) => String(error));
      if (status !== 200) failed.push(`request ${count}: ${status}`);
    }
  };
  try {
    await Promise.all(Array.from({ length: 16 }, worker));
    memory.push(residentMib(lab.daemon.pid));
    return { what, tried, failed: [...failed, ...grows(memory)], note: `MiB of memory: ${memory.join(' ')}` };
  } finally {
    agent.destroy();
    await lab.stop();
  }
}

/** The status of a check-in, or of every tenth time a register. */
function ask(agent: Agent, nodesUrl: string, count: number): Promise<number> {
  const hwId = `52540000${String(count % 500).padStart(4, '0')}`;
  const register = count % 10 === 0;
  const facts = { '@hw_id': hwId, '@attributes_hash': { count: String(count) }, '@last_state': 'idle' };
  const body = register ? `json_hash=${encodeURIComponent(JSON.stringify(facts))}` : undefined;
  const path = register ? '/razor/api/node/register' : `/razor/api/node/checkin?hw_id=${hwId}&last_state=idle`;
  const headers = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
  return new Promise((resolve, reject) => {
    const sent = request(`${nodesUrl}${path}`, { agent, method: register ? 'POST' : 'GET', headers }, (reply) => {
      reply.resume();
      reply.on('end', () => resolve(reply.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
