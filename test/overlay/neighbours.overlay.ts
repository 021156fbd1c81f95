/** npm run test:overlay: the agent's ears on cards in namespaces, and a real lldpd as the switch. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseNeighbourFrame } from '../../facts/groups/network/neighbours/neighbour-frame.ts';
import { readPcap } from '../../facts/groups/network/neighbours/pcap.ts';
import { createNamespace, type Namespace } from '../../lab/vm/namespace.ts';
import { tool } from '../../packaging/tools.ts';
import type { Daemon } from '../../platform/process/daemon.ts';
import { lacksMacvtap, startSwitch, SWITCH } from '../helpers/real-lldpd.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

const LISTEN = new URL('listen.ts', import.meta.url).pathname;

interface Scene {
  readonly client: Namespace;
  readonly dir: string;
  readonly lines: string[];
  listen(): Promise<Daemon>;
  until(pattern: RegExp, timeoutMs: number): Promise<void>;
  /** What is left of ears on the machine: links, and what their cards count. */
  ears(): Promise<string>;
  /** Ends the agent as an orderly shutdown does, and waits until it has cleaned up. */
  end(agent: Daemon): Promise<void>;
}

/** A machine with eth0 at a switch and eth1 at one that says nothing; or why not. */
async function openScene(t: TestContext, options: { readonly cdp?: boolean } = {}): Promise<Scene | string> {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const wire = await createNamespace();
  const client = await createNamespace();
  t.after(async () => {
    await client.close();
    await wire.close();
  });
  const lack = await lacksMacvtap(client);
  if (lack !== undefined) return lack;
  for (const [port, card] of [
    ['sw0', 'eth0'],
    ['sw1', 'eth1'],
  ] as const) {
    const end = ['type', 'veth', 'peer', 'name', card, 'netns', String(client.pid)];
    const mac = port === 'sw0' ? SWITCH.chassis : '02:00:5e:10:00:02';
    await tool(['ip', 'link', 'add', port, 'netns', String(wire.pid), 'address', mac, ...end]);
    await wire.must(['ip', 'link', 'set', port, 'up']);
    await client.must(['ip', 'link', 'set', card, 'up']);
  }
  const why = await startSwitch(wire, ['sw0'], options);
  if (why !== undefined) return why;
  const dir = join(temporaryDirectory(), 'heard');
  const lines: string[] = [];
  const ears = async (): Promise<string> => {
    const links = await client.must(['ip', '-d', '-o', 'link']);
    const text = links.stdout.toString();
    return [...text.matchAll(/rzlldp\d+|allmulti [1-9]/g)].map(([word]) => word).join(' ');
  };
  const into = 'mount -t sysfs sysfs /sys && exec "$@"';
  return {
    client,
    dir,
    lines,
    ears,
    listen: () =>
      client.start(['unshare', '--mount', 'sh', '-c', into, 'sh', process.execPath, LISTEN, dir], {
        onLine: (line) => lines.push(line),
      }),
    async until(pattern, timeoutMs) {
      for (const end = performance.now() + timeoutMs; !lines.some((line) => pattern.test(line)); await sleep(50))
        if (performance.now() > end) throw new Error(`no ${String(pattern)} in:\n${lines.join('\n')}`);
    },
    async end(agent) {
      const pid = /^pid (\d+)/.exec(lines.findLast((line) => line.startsWith('pid ')) ?? '')?.[1];
      await client.must(['kill', '-TERM', pid ?? '']);
      await agent.exited;
      assert.equal(await ears(), '');
    },
  };
}

function neighboursIn(dir: string, card: string): Record<string, unknown>[] {
  return readPcap(readFileSync(join(dir, `${card}.pcap`))).map((frame) => {
    const { source, neighbour } = parseNeighbourFrame(frame) ?? assert.fail('another frame');
    const { protocol, chassis, system, systemDescription } = neighbour;
    return { source, protocol, chassis: chassis?.text, system, systemDescription };
  });
}

test('a real lldpd is heard; nothing is left on the machine, and an ear is no way in', async (t) => {
  const scene = await openScene(t);
  if (typeof scene === 'string') return t.skip(scene);
  const agent = await scene.listen();
  await scene.until(/switch rzlldp\d+ on/, 30_000);
  // it has no address, and does not answer for those of its card
  const address = await scene.client.must(['ip', '-o', 'addr']);
  assert.doesNotMatch(address.stdout.toString(), /rzlldp/);
  await scene.until(/^heard eth0/, 30_000);
  assert.deepEqual(neighboursIn(scene.dir, 'eth0'), [
    {
      source: SWITCH.chassis,
      protocol: 'lldp',
      chassis: SWITCH.chassis,
      system: SWITCH.name,
      systemDescription: SWITCH.software,
    },
  ]);
  await scene.until(/remove the listener/, 5000);
  assert.match(
    await scene.ears(),
    /^(rzlldp\d+|allmulti 1)( (rzlldp\d+|allmulti 1))*$/,
    'the silent card is listened on still',
  );
  await scene.end(agent);
  assert.deepEqual(readdirSync(scene.dir), ['eth0.pcap'], 'of the silent card there is nothing');
});

test('CDP is heard beside LLDP; after kill -9 the next start removes what was left', async (t) => {
  const scene = await openScene(t, { cdp: true });
  if (typeof scene === 'string') return t.skip(scene);
  const agent = await scene.listen();
  await scene.until(/^heard eth0/, 30_000);
  await scene.until(/switch rzlldp\d+ on/, 30_000);
  process.kill(-agent.pid, 'SIGKILL');
  await agent.exited;
  assert.notEqual(await scene.ears(), '');
  scene.lines.length = 0;
  const again = await scene.listen();
  await scene.until(/remove the listener rzlldp/, 30_000);
  await scene.until(/^heard eth0|first round|switch rzlldp/, 30_000);
  await scene.end(again);
  assert.deepEqual(new Set(neighboursIn(scene.dir, 'eth0').map(({ protocol }) => protocol)), new Set(['cdp', 'lldp']));
});
