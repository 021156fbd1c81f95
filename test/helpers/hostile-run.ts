/** One agent process against a list of misbehaviours: nothing ends it, nothing is lost, the next good reply is obeyed. */
import assert from 'node:assert/strict';
import type { AgentEvent } from '../../agent/loop/events.ts';
import { agentProcess } from './agent-process.ts';
import { hostileServer } from './hostile-server.ts';
import type { Misbehaviour } from './misbehaviours.ts';

const count = (events: readonly AgentEvent[], name: AgentEvent['event']): number =>
  events.filter(({ event }) => event === name).length;

export interface HostileResult {
  readonly served: number;
  /** Milliseconds from SIGTERM to its end. */
  readonly stopMs: number;
}

/**
 * Serves each misbehaviour to a check-in, then to a registration, each followed by a good `register`, which must lead to
 * an accepted registration with the facts.
 */
export async function hostileRun(
  bad: readonly Misbehaviour[],
  odd: readonly Misbehaviour[],
  options: { readonly registers: boolean },
): Promise<HostileResult> {
  const server = await hostileServer();
  const agent = await agentProcess([
    ...['--server', server.url, '--checkin-interval', '0.1', '--checkin-skew', '0'],
    ...['--http-timeout', '1', '--backoff-cap', '0.2', '--rediscover-after', '1000', '--fact-refresh', '3600'],
  ]);
  let served = 0;
  try {
    await agent.until('the first registration', (events) => count(events, 'registered') > 0);
    for (const one of bad) {
      const errors = count(agent.events, 'error');
      server.queue.push(one);
      await agent.until(`an error after: ${one.name}`, (events) => count(events, 'error') > errors);
      const registered = server.registered.length;
      await agent.until(`the good reply obeyed after: ${one.name}`, () => server.registered.length > registered);
      served++;
      if (!options.registers || one.checkinOnly === true) continue;
      const before = count(agent.events, 'error');
      server.registers.push(one);
      await agent.until(`an error after a registration: ${one.name}`, (events) => count(events, 'error') > before);
      const accepted = server.registered.length;
      await agent.until(`registered after: ${one.name}`, () => server.registered.length > accepted);
      served++;
    }
    for (const one of odd) {
      server.queue.push(one);
      await agent.until(`served: ${one.name}`, () => server.queue.length === 0);
      const registered = server.registered.length;
      await agent.until(`the good reply obeyed after: ${one.name}`, () => server.registered.length > registered);
      served++;
    }
    for (const body of server.registered) {
      const hash = JSON.parse(new URLSearchParams(body).get('json_hash') ?? '') as Record<string, object>;
      assert.ok(Object.keys(hash['@attributes_hash'] ?? {}).length > 10, 'the facts are whole');
    }
    assert.equal(count(agent.events, 'would'), 0, 'no hostile reply led to a change of the machine');
    assert.deepEqual(
      agent.events.filter((event) => event.event === 'error' && event.code === 'RAZOR_MK_INTERNAL'),
      [],
      'no error was unexpected',
    );
    return { served, stopMs: await agent.stop() };
  } finally {
    await agent.stop();
    await server.close();
  }
}
