/** A conductor's side: a stand-in Ironic, an agent that has sent its first heartbeat, and calls of its commands. */
import type { TestContext } from 'node:test';
import { ironicAgent, type AgentSetup, type IronicAgent, type Reply } from './ironic-agent.ts';
import { startIronic, type Rules, type StandIn } from './ironic-standin.ts';

export const TOKEN = 'T'.repeat(43);

export interface World {
  readonly ironic: StandIn;
  readonly agent: IronicAgent;
  get(path: string, token?: string): Promise<Reply>;
  /** With wait=true. */
  order(name: string, params?: unknown): Promise<Reply>;
  post(body: unknown, query?: string): Promise<Reply>;
}

export async function conducted(
  t: TestContext,
  more: Partial<AgentSetup> = {},
  line = '',
  rules: Partial<Rules> = {},
): Promise<World> {
  const ironic = await startIronic(rules);
  const agent = ironicAgent({ line: `ipa-api-url=${ironic.url} ${line}`, ...more });
  t.after(async () => {
    await agent.stop();
    await ironic.close();
  });
  await agent.until('heartbeat');
  const ca = String(ironic.beats[0]?.['agent_verify_ca']);
  const post = (body: unknown, query = `wait=true&agent_token=${TOKEN}`): Promise<Reply> =>
    agent.call('POST', `/v1/commands/?${query}`, body, ca);
  return {
    ironic,
    agent,
    get: (path, token) =>
      agent.call('GET', `${path}${token === undefined ? '' : `?agent_token=${token}`}`, undefined, ca),
    order: (name, params = {}) => post({ name, params }),
    post,
  };
}

export function resultOf({ body }: Reply): Record<string, unknown> {
  return body['command_result'] as Record<string, unknown>;
}

export function errorOf({ body }: Reply): { message: string; details: string; type: string; code: number } {
  return body['command_error'] as never;
}

/** A stand-in and an agent with a kernel line for it, as soon as the agent was started. */
export async function met(
  t: TestContext,
  line: (url: string) => string,
  rules: Partial<Rules> = {},
  more: Partial<AgentSetup> = {},
): Promise<{ ironic: StandIn; agent: IronicAgent }> {
  const ironic = await startIronic(rules);
  const agent = ironicAgent({ line: line(ironic.url), ...more });
  t.after(async () => {
    await agent.stop();
    await ironic.close();
  });
  return { ironic, agent };
}
