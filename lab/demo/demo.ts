/** The demonstration: a lab in this process, one real agent as a child process, and what they make of each other. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDaemon, type Daemon } from '../../platform/process/daemon.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { tagLines } from '../../platform/rules/verdict-words.ts';
import { explainTag } from '../../platform/rules/why-not.ts';
import { startLab, type Lab } from '../lab-server.ts';
import { createStory, type AgentLine, type Scene, type Summary } from './story.ts';

interface DemoOptions {
  /** How this program is started again, as argv. */
  readonly self: readonly [string, ...string[]];
  /** Gets each line of the story as it happens. */
  readonly tell: (scene: Scene) => void;
  /** Called with the lab once it listens, before the agent starts. */
  readonly onLab?: (lab: Lab) => void;
  /** Leaves lab and agent running after the story until the signal is aborted. */
  readonly keep?: (summary: Summary, lab: Lab) => Promise<void>;
  readonly signal?: AbortSignal;
  /** Milliseconds until the story must be over; 15,000. */
  readonly timeoutMs?: number;
}

/** A tag that every machine has: whatever has a count of network cards. */
const TAG = 'discovered';

/**
 * Plays the demonstration. Nothing is changed on this machine and nothing leaves its loopback. Throws RAZOR_MK_DEMO
 * when the story does not come to its end, with what the agent said last.
 */
export async function playDemo(options: DemoOptions): Promise<Summary> {
  const story = createStory(options.tell, () => performance.now());
  const dir = mkdtempSync(join(tmpdir(), 'razor-mk-demo-'));
  const errors: string[] = [];
  let lab: Lab | undefined;
  let agent: Daemon | undefined;
  try {
    lab = await startLab({
      ports: { nodes: 0, images: 0, people: 0 },
      microkernel: { pushed: { mk_checkin_interval: 1, mk_checkin_skew: 0 } },
      onEvent: (event) => story.lab(event),
    });
    await addSamplePolicy(lab);
    story.note(`the sample policy installs every machine that has the tag ${TAG}`);
    options.onLab?.(lab);
    const cmdline = join(dir, 'cmdline');
    const line = `maxcpus=1 quiet razor.ip=${lab.nodesUrl.replace('http://', '')}`;
    writeFileSync(cmdline, `${line}\n`);
    story.note(`an agent starts; all that it is given is this kernel line: ${line}`);
    agent = await startDaemon([...options.self, ...agentArgs(dir, cmdline)], {
      onLine: (text, stream) => {
        if (stream === 'stderr') errors.push(text);
        else hear(text, story.agent);
      },
    });
    const ended = await untilComplete(() => story.complete, agent, options);
    if (!story.complete) throw failure(ended, errors);
    const summary = { ...story.summary(), wouldMiss: whatWouldMiss(lab) };
    await options.keep?.(summary, lab);
    return summary;
  } finally {
    await agent?.stop();
    await lab?.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

function agentArgs(dir: string, cmdline: string): string[] {
  return ['run', '--events', '--cmdline', cmdline, '--state-dir', join(dir, 'state'), '--checkin-skew', '0'];
}

async function addSamplePolicy({ store }: Lab): Promise<void> {
  await store.write(() => {
    store.tagRules.add({
      name: 'any machine',
      tag: TAG,
      matchers: [{ key: 'mk_hw_nic_count', compare: 'like', value: '\\d+', inverse: false }],
    });
    const model = store.models.add({ label: 'Debian', template: 'debian', image: undefined, metadata: {} });
    store.policies.add({
      label: 'install whatever is discovered',
      line: 0,
      enabled: true,
      maximum: 0,
      tags: [TAG],
      model: model.uuid,
      broker: undefined,
    });
  });
}

/** What would have made the policy miss: the facts without which the rule of its tag does not hold. */
function whatWouldMiss({ store }: Lab): string | undefined {
  const [node] = store.nodes.newest(1, 0);
  const [rule] = store.tagRules.list();
  if (node === undefined || rule === undefined) return undefined;
  const facts = Object.fromEntries(
    Object.entries(store.nodes.facts(node.id)).filter(([name]) => rule.matchers.every(({ key }) => key !== name)),
  );
  const [first] = tagLines(explainTag({ facts, rules: [rule] }, rule.tag));
  return first;
}

function hear(text: string, agent: (line: AgentLine) => void): void {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return; // not an event
  }
  if (typeof line === 'object' && line !== null && 'event' in line && typeof line.event === 'string') {
    agent(line as AgentLine);
  }
}

/** Why the waiting ended: complete, the agent went away, interrupted, or too late. */
async function untilComplete(complete: () => boolean, agent: Daemon, options: DemoOptions): Promise<string> {
  const limit = options.timeoutMs ?? 15_000;
  const deadline = performance.now() + limit;
  let ended: string | undefined;
  void agent.exited.then(({ status, signal }) => (ended = `the agent ended (${signal ?? `status ${String(status)}`})`));
  while (!complete()) {
    if (ended !== undefined) return ended;
    if (options.signal?.aborted === true) return 'it was interrupted';
    if (performance.now() > deadline) return `it was not over within ${limit / 1000} s`;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return 'complete';
}

function failure(ended: string, errors: readonly string[]): RazorMkError {
  const last = errors.filter((line) => line.trim() !== '').slice(-6);
  const said = last.length > 0 ? `\n  the agent said: ${last.join('\n                  ')}` : '';
  return new RazorMkError('RAZOR_MK_DEMO', `the demonstration broke off: ${ended}${said}`);
}
