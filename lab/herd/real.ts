/** The herd on the real clock: simulated agents that speak Razor 0.x to a lab over real HTTP. */
import { Agent, request } from 'node:http';
import { createSchedule, type Intervals, type Schedule } from '../../platform/time/schedule.ts';
import { herdId, seeded, type HerdResult } from './herd.ts';
import { createTimeQueue } from './queue.ts';

interface RealHerdOptions {
  readonly nodes: number;
  readonly seed: number;
  readonly pace: Intervals;
  /** `http://HOST:PORT` of the listener for nodes. */
  readonly url: string;
  readonly durationMs: number;
  readonly signal: AbortSignal;
}

interface RealHerdResult extends HerdResult {
  /** Milliseconds from request to whole reply, sorted. */
  readonly latencies: readonly number[];
  readonly registered: number;
}

const STEP_MS = 5;

/** Runs until the time is up or the signal is aborted, and resolves with what was seen. */
export async function runRealHerd(options: RealHerdOptions): Promise<RealHerdResult> {
  const { nodes, seed, pace, url, durationMs, signal } = options;
  const random = seeded(seed);
  const agent = new Agent({ keepAlive: true, maxSockets: 128 });
  const queue = createTimeQueue();
  const known = new Set<number>();
  const schedules: Schedule[] = [];
  const seconds = Math.ceil(durationMs / 1000) + 1;
  const answered = new Array<number>(seconds).fill(0);
  const failed = new Array<number>(seconds).fill(0);
  const latencies: number[] = [];
  const began = performance.now();
  const now = (): number => performance.now() - began;
  for (let who = 0; who < nodes; who++) {
    const id = herdId(who, seed);
    const schedule = createSchedule(() => id);
    schedules.push(schedule);
    queue.push(schedule.first(pace, random).ms, who);
  }

  const send = (path: string, body?: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
      const outgoing = request(url + path, { agent, method: body === undefined ? 'GET' : 'POST', headers }, (reply) => {
        const parts: Buffer[] = [];
        reply.on('data', (part: Buffer) => parts.push(part));
        reply.on('end', () => resolve(Buffer.concat(parts).toString()));
        reply.on('error', reject);
      });
      outgoing.setTimeout(10_000, () => outgoing.destroy(new Error('no answer within 10 s')));
      outgoing.on('error', reject);
      outgoing.end(body);
    });

  async function turn(who: number): Promise<void> {
    const id = herdId(who, seed);
    const schedule = schedules[who] as Schedule;
    const started = now();
    const second = Math.min(seconds - 1, Math.floor(started / 1000));
    try {
      const first = known.has(who) ? '' : '&first_checkin=true';
      const text = await send(`/razor/api/node/checkin?hw_id=${id}&last_state=idle${first}`);
      latencies.push(now() - started);
      const { response } = JSON.parse(text) as { response: { command_name: string } };
      if (response.command_name === 'register') {
        const facts = { hostname: `mk${id.toLowerCase()}`, is_virtual: 'true', mk_hw_nic_count: '1' };
        const hash = JSON.stringify({ '@hw_id': id, '@attributes_hash': facts, '@last_state': 'idle' });
        await send('/razor/api/node/register', `json_hash=${encodeURIComponent(hash)}`);
        known.add(who);
      }
      answered[second] = (answered[second] ?? 0) + 1;
      queue.push(now() + schedule.afterSuccess(pace, now(), started).ms, who);
    } catch {
      failed[second] = (failed[second] ?? 0) + 1;
      queue.push(now() + schedule.afterFailure(pace, random, undefined).ms, who);
    }
  }

  const running = new Set<Promise<void>>();
  while (now() < durationMs && !signal.aborted) {
    while ((queue.next ?? Infinity) <= now()) {
      const due = queue.pop();
      if (due === undefined) break;
      const one: Promise<void> = turn(due.who).finally(() => running.delete(one));
      running.add(one);
    }
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
  await Promise.all(running);
  agent.destroy();
  latencies.sort((a, b) => a - b);
  return { answered, failed, latencies, registered: known.size };
}
