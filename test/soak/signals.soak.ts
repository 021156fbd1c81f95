/**
 * SIGTERM to the real agent with --live in the states that only a live node has: each ends within 5 s, orderly. Mount, UTS and
 * network namespaces as in disks.soak.ts, so that nothing of this machine is changed.
 */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { AgentEvent } from '../../agent/loop/events.ts';
import { startDaemon } from '../../platform/process/daemon.ts';
import { run } from '../../platform/process/run.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

const AGENT = new URL('../helpers/disks-run.ts', import.meta.url).pathname;
const root = temporaryDirectory();
const namespaces = await run(['unshare', '-m', '-u', '-n', 'true']);
const skip = namespaces.status === 0 ? false : 'no namespaces here';
const commands = join(root, 'commands');
mkdirSync(commands);
writeFileSync(join(commands, 'linger'), `#!/bin/sh\necho $$ > ${root}/linger.pid\nexec sleep 300\n`);
chmodSync(join(commands, 'linger'), 0o755);

interface State {
  readonly what: string;
  readonly second: string;
  readonly args: readonly string[];
  readonly reached: (events: readonly AgentEvent[]) => boolean;
  /** It has registered before: then that must be on disk. */
  readonly registered?: true;
}

const step = (events: readonly AgentEvent[], name: string): boolean =>
  events.some((event) => event.event === 'step' && event.name === name && event.state === 'running');
const STATES: readonly State[] = [
  { what: 'waiting for a network card', second: '-', args: [], reached: (events) => step(events, 'network') },
  {
    what: 'asking a silent time server',
    second: 'acknowledge',
    args: ['--ntp', '10.99.0.77'],
    reached: (events) => step(events, 'clock'),
  },
  {
    what: 'running a command of the server',
    second: 'linger',
    args: ['--commands-dir', commands],
    reached: () => existsSync(join(root, 'linger.pid')),
    registered: true,
  },
];

for (const { what, second, args, reached, registered } of STATES) {
  test(
    `${what}: SIGTERM ends the live agent within 5 s, with its state saved and nothing left running`,
    { skip },
    async (t) => {
      const state = join(root, what.replaceAll(/\W+/g, '-'));
      mkdirSync(state);
      const events: AgentEvent[] = [];
      const lines: string[] = [];
      const cover = 'for d in /etc /var/log; do mount -t tmpfs none "$d"; done';
      const script = `set -e; mount -t sysfs none /sys; ip link set lo up; ${cover}; exec "$@"`;
      const agent = [process.execPath, AGENT, state, second, ...args];
      const inside = ['unshare', '-m', '-u', '-n', '--propagation', 'private', 'sh', '-c', script, 'sh', ...agent];
      const daemon = await startDaemon(inside as [string, ...string[]], {
        onLine: (line, stream) => {
          if (stream === 'stdout' && line.startsWith('{')) events.push(JSON.parse(line) as AgentEvent);
          else lines.push(line);
        },
      });
      t.after(() => daemon.stop());
      const until = Date.now() + 60_000;
      while (!reached(events) && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 50));
      const was = reached(events);
      const from = performance.now();
      await daemon.stop(6000);
      const { status } = await daemon.exited;
      const ms = performance.now() - from;
      const tail = `${JSON.stringify(events.slice(-3))}\n${lines.slice(-20).join('\n')}`;
      assert.ok(was, `the state was reached\n${tail}`);
      assert.equal(status, 0, tail);
      assert.equal(events.filter(({ event }) => event === 'stopped').length, 1, tail);
      assert.ok(ms < 5000, `${ms} ms`);
      t.diagnostic(`${Math.round(ms)} ms`);
      if (registered !== true) return;
      assert.match(readFileSync(join(state, 'first_checkin.yaml'), 'utf8'), /--- false/);
      const pid = readFileSync(join(root, 'linger.pid'), 'utf8').trim();
      assert.equal(existsSync(`/proc/${pid}`), false, 'the command was ended with the agent');
    },
  );
}
