/** The agent as a process of its own beside a stand-in Ironic: to be killed in the middle of a command and started again. */
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { agentProcess, type AgentProcess } from './agent-process.ts';
import { call, type Reply } from './ironic-agent.ts';
import { TOKEN } from './ironic-conductor.ts';
import { startIronic } from './ironic-standin.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const CAPTURE = new URL('../fixtures/captures/firecracker.tar.gz', import.meta.url).pathname;
/** Of the machine in that capture. */
const CAPTURED_MAC = '02:fc:00:db:02:41';
const DISK_BYTES = 5 * 2 ** 30; // sparse

export interface WireCommand {
  readonly id: string;
  readonly command_name: string;
  readonly command_status: string;
  readonly command_error: { readonly message: string } | null;
  readonly command_result: Readonly<Record<string, unknown>> | null;
}

export interface RestartedAgent {
  /** The file that stands for the machine's disk. */
  readonly disk: string;
  readonly stateDir: string;
  /** Starts the agent, with the same state directory each time, and resolves when it takes commands. */
  start(): Promise<AgentProcess>;
  /** Resolves when this process of the agent has begun a command of that name. */
  begun(command: string): Promise<void>;
  /** SIGKILL, as the kernel's OOM killer does. */
  kill(): Promise<void>;
  post(name: string, params: unknown, wait?: boolean): Promise<Reply>;
  commands(): Promise<readonly WireCommand[]>;
}

/** Nothing runs yet; `words` are on the kernel line. Everything ends with the test. */
export async function restartedAgent(t: TestContext, words: string): Promise<RestartedAgent> {
  const ironic = await startIronic({ macs: [CAPTURED_MAC] });
  t.after(() => ironic.close());
  const dir = temporaryDirectory(t);
  const [disk, line, stateDir] = [join(dir, 'disk'), join(dir, 'cmdline'), join(dir, 'state')];
  writeFileSync(disk, Buffer.alloc(4 * 2 ** 20, 0xee));
  truncateSync(disk, DISK_BYTES);
  writeFileSync(line, `ipa-api-url=${ironic.url} ${words}\n`);
  let agent: AgentProcess | undefined;
  t.after(async () => await agent?.stop());
  const url = (): string => {
    const serving = agent?.events.find((event) => event.event === 'serving');
    return serving?.callback ?? '';
  };
  return {
    disk,
    stateDir,
    async start() {
      agent = await agentProcess(['--cmdline', line, '--disk-file', disk, '--from', CAPTURE], {
        stateDir,
        keepState: true,
      });
      await agent.until('serving', (events) => events.some((event) => event.event === 'serving'));
      return agent;
    },
    async begun(command) {
      await agent?.until(command, (events) =>
        events.some((event) => event.event === 'command' && event.name === command),
      );
    },
    async kill() {
      if (agent === undefined) return;
      process.kill(agent.daemon.pid, 'SIGKILL');
      await agent.daemon.exited;
    },
    post: (name, params, wait = false) =>
      call(`${url()}/v1/commands/?wait=${wait}&agent_token=${TOKEN}`, 'POST', { name, params }),
    async commands() {
      const { body } = await call(`${url()}/v1/commands/?agent_token=${TOKEN}`, 'GET');
      return body['commands'] as WireCommand[];
    },
  };
}
