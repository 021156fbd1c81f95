/** What operators do with a node, and how a case follows it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { run } from '../../platform/process/run.ts';
import type { IronicNode } from './api.ts';
import { MAC, theNode, type AgentOptions, type AgentProcess, type World } from './world.ts';

export interface Operation {
  readonly node: IronicNode;
  readonly agent: AgentProcess;
}

/**
 * Begins an operation and, when Ironic waits for the ramdisk, starts the agent with the kernel line that Ironic wrote for this
 * machine; `words` stand behind it, as an operator's kernel_append_params do.
 */
export async function begin(
  world: World,
  target: string,
  waits: string,
  options: {
    readonly words?: string;
    readonly body?: Readonly<Record<string, unknown>>;
    /** Of the API, where the operation is newer than the cases' own. */
    readonly version?: string;
    readonly agent?: AgentOptions;
  } = {},
): Promise<Operation> {
  const { uuid } = await theNode(world);
  // the file of an earlier operation must not be taken for this one's
  rmSync(join(world.files.root, 'pxelinux.cfg'), { recursive: true, force: true });
  await world.api.provision(uuid, target, options.body, options.version);
  await world.api.follow(uuid, [waits], { onState: (state) => world.tell(`Ironic: ${state}`) });
  const line = `${world.kernelLine(uuid, MAC)} ipa-image-download-connection-retry-interval=1 ${options.words ?? ''}`;
  world.tell('the machine is started with the kernel line of Ironic’s own iPXE script');
  const agent = await world.agent(line, options.agent);
  return { node: await world.api.node(uuid), agent };
}

/** Follows to one of these states, telling each. */
export async function follow(
  world: World,
  { node, agent }: Operation,
  wanted: string,
  mayFail = false,
): Promise<IronicNode> {
  await world.api.follow(node.uuid, [wanted], {
    timeoutMs: 180_000,
    mayFail,
    gone: () => agent.gone(),
    onState: (state) => world.tell(`Ironic: ${state}`),
  });
  return await world.api.node(node.uuid);
}

/** The commands that the conductor gave, in order. */
export function commandsOf(agent: AgentProcess): string[] {
  return agent.events.flatMap((event) => (event.event === 'command' ? [event.name] : []));
}

export function sha256Of(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Tells Ironic which image the next deployment writes. */
export async function setImage(
  world: World,
  name: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const file = join(world.files.root, name);
  const { uuid } = await theNode(world);
  await world.api.patch(uuid, {
    'instance_info/image_source': `${world.files.url}/${name}`,
    'instance_info/image_os_hash_algo': 'sha256',
    'instance_info/image_os_hash_value': sha256Of(file),
    'instance_info/image_disk_format': 'raw',
    'instance_info/root_gb': 4,
    ...more,
  });
  return file;
}

/** cmp(1) of so many bytes; it is Debian's, not ours. */
export async function sameBytes(
  left: string,
  right: string,
  bytes: number,
  skip: readonly [number, number] = [0, 0],
): Promise<void> {
  const result = await run(['cmp', `--bytes=${bytes}`, `--ignore-initial=${skip.join(':')}`, left, right], {
    timeoutMs: 60_000,
  });
  assert.equal(result.status, 0, `cmp: ${result.stdout.toString()}${result.stderr.toString()}`);
}

/** The agent's own API, as the conductor reaches it; the certificate is its own, so nobody vouches for it here. */
export async function askAgent(
  agent: AgentProcess,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly json: unknown; readonly certificate: string }> {
  const { callback } = await agent.waitFor('serving');
  const text = body === undefined ? undefined : JSON.stringify(body);
  return await new Promise((resolve, reject) => {
    const outgoing = request(
      `${callback}${path}`,
      {
        method,
        rejectUnauthorized: false,
        agent: false,
        headers:
          text === undefined ? {} : { 'content-length': Buffer.byteLength(text), 'content-type': 'application/json' },
      },
      (response) => {
        const certificate = (response.socket as TLSSocket).getPeerX509Certificate()?.toString() ?? '';
        let reply = '';
        response.on('data', (chunk: Buffer) => (reply += chunk.toString()));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, json: JSON.parse(reply || 'null') as unknown, certificate });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(text);
  });
}
