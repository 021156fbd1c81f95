/** `razor-mk lab vm` as a person runs it: kept and looked at from outside, ended by Ctrl-C and by kill -9, and without a namespace. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../../platform/process/run.ts';
import { startDaemon, type Daemon } from '../../../platform/process/daemon.ts';
import type { Scenario, World } from '../scenario.ts';
import { self } from '../self.ts';

export const scenario: Scenario = {
  id: 'q',
  title:
    'lab vm: its page from outside, nothing left after Ctrl-C and after kill -9, user networking without namespaces',
  gate: false,
  minutes: 25,
  async run(world) {
    const { iso } = await world.images.microkernel({ kernel: 'cloud' });
    await kept(world, iso);
    await killed(world, iso);
    await withoutNamespace(world, iso);
  },
};

interface Play {
  readonly dir: string;
  readonly daemon: Daemon;
  readonly lines: string[];
  /** Waits for a line; the process must not end before. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
}

async function play(
  world: World,
  name: string,
  iso: string,
  before: readonly string[],
  args: readonly string[],
): Promise<Play> {
  const dir = join(world.dir, name);
  mkdirSync(dir, { recursive: true });
  const lines: string[] = [];
  const words = [...before, ...self, 'lab', 'vm', '--image', iso, '--minutes', '8', '--dir', dir, ...args];
  const daemon = await startDaemon(words as [string, ...string[]], { onLine: (line) => void lines.push(line) });
  let ended = false;
  void daemon.exited.then(() => (ended = true));
  return {
    dir,
    daemon,
    lines,
    async line(pattern) {
      for (;;) {
        const over = ended;
        const match = lines.map((line) => pattern.exec(line)).find((each) => each !== null);
        if (match) return match;
        if (over) throw new Error(`lab vm ended without ${String(pattern)}: ${lines.slice(-5).join('; ')}`);
        await pause(200);
      }
    },
  };
}

async function kept(world: World, iso: string): Promise<void> {
  world.step('lab vm --keep, two machines: both register, and the page is reachable from outside of the namespace');
  const vm = await play(world, 'kept', iso, [], ['--keep', '--pcap', '--machines', '2']);
  try {
    const [, url = ''] = await vm.line(/the lab's page is at (http:\S+?),/);
    const nodes = (await (await fetch(`${url}api/nodes`)).json()) as readonly unknown[];
    assert.equal(nodes.length, 2);
    assert.match(await (await fetch(url)).text(), /<html/i);
    await looked(world, vm);
    world.step('Ctrl-C: nothing of it is left');
    const inside = await insideOf(vm);
    process.kill(vm.daemon.pid, 'SIGINT');
    await vm.daemon.exited;
    await gone(vm.dir, inside);
  } finally {
    await vm.daemon.stop();
  }
}

/** What a person can look at while it runs: a console to type on, the screen, packets, logs, the report. */
async function looked(world: World, vm: Play): Promise<void> {
  world.step('lab vm console: what is typed arrives, what is answered is shown; Ctrl-] leaves it');
  const shown: string[] = [];
  const console = await startDaemon([...self, 'lab', 'vm', 'console', 'node2', '--dir', vm.dir], {
    onLine: (line) => shown.push(line),
  });
  try {
    while (!shown.some((line) => /the console of node2/.test(line))) await pause(100);
    console.write('\recho shell-is-$((40+2))\r');
    while (!shown.some((line) => /^shell-is-42/.test(line))) await pause(100);
    console.write('\u001d');
    assert.equal((await console.exited).status, 0);
  } finally {
    await console.stop();
  }
  world.step('lab vm screen, packets and logs are there');
  const screen = await run([...self, 'lab', 'vm', 'screen', 'node1', '--dir', vm.dir], { timeoutMs: 60_000 });
  assert.equal(screen.stdout.toString().trim(), join(vm.dir, 'node1.png'), screen.stderr.toString());
  assert.equal(readFileSync(join(vm.dir, 'node1.png')).subarray(1, 4).toString(), 'PNG');
  // the number that a capture begins with
  assert.equal(readFileSync(join(vm.dir, 'node2-nic0.pcap')).readUInt32LE(0), 0xa1b2c3d4);
  assert.match(readFileSync(join(vm.dir, 'requests.log'), 'utf8'), /POST \/razor\/api\/node\/register 200 /);
  assert.match(readFileSync(join(vm.dir, 'dnsmasq.log'), 'utf8'), /DHCPACK\(br0\)/);
  const report = readFileSync(join(vm.dir, 'report.html'), 'utf8');
  for (const title of ['Console of node1', 'Screen of node2', 'What the lab was asked'])
    assert.ok(report.includes(title));
}

async function killed(world: World, iso: string): Promise<void> {
  world.step('UEFI, and kill -9 in the middle of its boot: nothing of it is left');
  const vm = await play(world, 'killed', iso, [], ['--uefi']);
  try {
    await vm.line(/boot API/);
    const inside = await insideOf(vm);
    process.kill(vm.daemon.pid, 'SIGKILL');
    await vm.daemon.exited;
    await gone(vm.dir, inside);
  } finally {
    await vm.daemon.stop();
  }
}

async function withoutNamespace(world: World, iso: string): Promise<void> {
  world.step('user networking: what is lost is said, and it registers all the same');
  // a network of our own around it, so that the lab's usual ports are free
  const shell = ['unshare', '-n', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
  const vm = await play(world, 'user', iso, shell, ['--network', 'user']);
  try {
    const { status } = await vm.daemon.exited;
    assert.equal(status, 0, vm.lines.slice(-5).join('\n'));
    assert.ok(vm.lines.some((line) => /What is lost/.test(line)));
    assert.ok(vm.lines.some((line) => /node1 +register/.test(line)));
    await gone(vm.dir, undefined);
  } finally {
    await vm.daemon.stop();
  }
}

/** The network namespace of the play's QEMU, as the kernel names it. */
async function insideOf(vm: Play): Promise<string> {
  const pid = processesOf(vm.dir).find((each) => each.line.includes('qemu-system'))?.pid;
  assert.ok(pid !== undefined, 'QEMU runs');
  const inside = readlinkSync(`/proc/${pid}/ns/net`);
  assert.notEqual(inside, readlinkSync('/proc/self/ns/net'));
  return await Promise.resolve(inside);
}

/** Throws when a process of the play, or one in its network, is there after 20 seconds. */
async function gone(dir: string, inside: string | undefined): Promise<void> {
  let left: readonly { pid: number; line: string }[] = [];
  for (let attempt = 0; attempt < 100; attempt++) {
    left = processes().filter((each) => each.line.includes(dir) || (inside !== undefined && each.net === inside));
    if (left.length === 0) return;
    await pause(200);
  }
  assert.fail(`left behind: ${left.map((each) => `${each.pid} ${each.line}`).join('; ')}`);
}

function processesOf(dir: string): { pid: number; line: string }[] {
  return processes().filter((each) => each.line.includes(dir));
}

function processes(): { pid: number; line: string; net: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      try {
        const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return [{ pid: Number(name), line, net: readlinkSync(`/proc/${name}/ns/net`) }];
      } catch {
        return []; // it ended meanwhile
      }
    });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
