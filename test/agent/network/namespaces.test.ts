/** The boot sequence against a real DHCP server and a real udhcpc, in network namespaces of our own. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const server = `rzS${process.pid}`;
const node = `rzN${process.pid}`;
const dir = temporaryDirectory();
const BOOT = new URL('../../../agent/node/boot/boot.ts', import.meta.url).href;
const platform = (name: string): string => new URL(`../../../platform/${name}.ts`, import.meta.url).href;
let dnsmasq: ChildProcess | undefined;
let reason: string | undefined;

function ip(...args: string[]): void {
  const result = spawnSync('ip', args, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`ip ${args.join(' ')}: ${result.stderr}`);
}

/** How udhcpc is called here: its own name, or busybox's. */
function udhcpc(): string[] | undefined {
  const ways = [
    ['udhcpc'],
    ['busybox', 'udhcpc'],
    ['/usr/lib/initramfs-tools/bin/busybox', 'udhcpc'],
    ['/bin/busybox-static', 'udhcpc'],
  ];
  const named = process.env['RAZOR_MK_TEST_BUSYBOX'];
  if (named !== undefined) ways.unshift([named, 'udhcpc']);
  return ways.find(([program = '', ...args]) =>
    /udhcpc/.test(spawnSync(program, [...args, '--help'], { encoding: 'utf8' }).stderr ?? ''),
  );
}
const client = udhcpc();

before(() => {
  if (process.getuid?.() !== 0) reason = 'network namespaces need root';
  else if (client === undefined) reason = 'neither udhcpc nor busybox is installed (busybox-static)';
  else if (spawnSync('dnsmasq', ['--version']).status !== 0) reason = 'dnsmasq is not installed';
  else {
    try {
      ip('netns', 'add', server);
      ip('netns', 'add', node);
      ip('link', 'add', 'srv0', 'netns', server, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', node);
      ip('link', 'add', 'srv1', 'netns', server, 'type', 'veth', 'peer', 'name', 'eth1', 'netns', node);
      ip('-n', server, 'addr', 'add', '10.77.0.1/24', 'dev', 'srv0');
      ip('-n', server, 'link', 'set', 'srv0', 'up');
      ip('-n', server, 'link', 'set', 'srv1', 'up');
      ip('-n', node, 'link', 'set', 'lo', 'up');
    } catch (error) {
      reason = `network namespaces cannot be made here: ${(error as Error).message}`;
    }
  }
});

after(() => {
  dnsmasq?.kill('SIGKILL');
  for (const name of ['eth0', 'eth1']) {
    const file = join(dir, `udhcpc.${name}.pid`);
    if (existsSync(file)) {
      try {
        process.kill(Number(readFileSync(file, 'utf8')), 'SIGKILL');
      } catch {
        // it is gone
      }
    }
  }
  for (const name of [server, node]) spawnSync('ip', ['netns', 'del', name]);
});

/** bootNode in the node's namespace, with a live system that may change that namespace and files below `dir` only. */
function boot(
  cmdline: string,
  timeoutMs: number,
): Promise<{ steps: string[]; said: string[]; ms: number; addresses: string }> {
  const script = join(dir, 'udhcpc.script');
  writeFileSync(
    script,
    '#!/bin/sh\n[ "$1" = bound ] && { ip addr flush dev "$interface"; ip addr add "$ip/24" dev "$interface"; ip route add default via "$router" 2>/dev/null; }\nexit 0\n',
    { mode: 0o755 },
  );
  const code = `
    const { bootNode } = await import(${JSON.stringify(BOOT)});
    const { createSystem } = await import(${JSON.stringify(platform('system'))});
    const { createLog } = await import(${JSON.stringify(platform('log/log'))});
    const { systemClock } = await import(${JSON.stringify(platform('time/clock'))});
    const log = createLog({ people: (line) => console.error(line) });
    const live = createSystem({ live: true, log });
    const system = { ...live, write: () => {}, change: async (what, action) => (/DHCP client/.test(what) ? await action() : undefined),
      run: (what, argv, options) => ['ip', 'modprobe', ${JSON.stringify(client?.[0] ?? '')}].includes(argv[0]) ? live.run(what, argv, options) : Promise.reject(new Error('unexpected ' + argv)),
      reboot: () => { throw new Error('never'); }, poweroff: () => { throw new Error('never'); } };
    const steps = [], said = [];
    const started = performance.now();
    const emit = ({ name, state, note }) => steps.push(name + ' ' + state + ' ' + note);
    await bootNode({ clock: systemClock, log, emit, system, signal: new AbortController().signal }, {
      cmdline: ${JSON.stringify(cmdline)}, ntp: [], reloadModules: [], say: (line) => said.push(line), resolve: async () => undefined,
      root: ${JSON.stringify(join(dir, 'root'))},
      dhcp: { udhcpc: ${JSON.stringify(client)}, scripts: [${JSON.stringify(script)}], pidDir: ${JSON.stringify(dir)} } });
    const os = await import('node:os');
    console.log(JSON.stringify({ steps, said, ms: performance.now() - started, addresses: JSON.stringify(Object.entries(os.networkInterfaces()).flatMap(([n, a]) => a.map((x) => n + ' ' + x.address))) }));
    process.exit(0);`;
  return new Promise((resolve, reject) => {
    // sysfs shows the namespace of whoever mounted it: ip netns exec mounts it anew
    const child = spawn('ip', ['netns', 'exec', node, process.execPath, '--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.on('close', () => {
      clearTimeout(timer);
      if (out === '') return reject(new Error(`no result: ${err}`));
      resolve(JSON.parse(out) as { steps: string[]; said: string[]; ms: number; addresses: string });
    });
  });
}

test('a static address of the kernel line is set, without DHCP', async (t) => {
  if (reason !== undefined) return t.skip(reason);
  const result = await boot('quiet ip=10.78.0.7::10.78.0.1:24::eth1:off', 30_000);
  assert.match(result.steps.join('\n'), /network done .*eth1 10\.78\.0\.7/, JSON.stringify(result));
  ip('-n', node, 'addr', 'flush', 'dev', 'eth1');
});

test('a VLAN of the kernel line is made, and gets the address', async (t) => {
  if (reason !== undefined) return t.skip(reason);
  const probe = spawnSync('ip', [
    '-n',
    node,
    'link',
    'add',
    'link',
    'eth1',
    'name',
    'probe',
    'type',
    'vlan',
    'id',
    '5',
  ]);
  if (probe.status !== 0) return t.skip('this kernel has no VLANs (module 8021q)');
  ip('-n', node, 'link', 'del', 'probe');
  const result = await boot('quiet razor.vlan=eth1.100 ip=10.78.0.7::10.78.0.1:24', 30_000);
  assert.match(result.steps.join('\n'), /network done .*eth1\.100 10\.78\.0\.7/, JSON.stringify(result));
  ip('-n', node, 'link', 'del', 'eth1.100');
});

test('a DHCP server that comes late is found: the link is switched on, the client started, the address used', async (t) => {
  if (reason !== undefined) return t.skip(reason);
  const conf = join(dir, 'dnsmasq.conf');
  const lines = [
    'interface=srv0',
    'bind-interfaces',
    'no-resolv',
    'no-hosts',
    'no-ping',
    'port=0',
    'dhcp-authoritative',
  ];
  writeFileSync(
    conf,
    [...lines, 'dhcp-range=10.77.0.100,10.77.0.150,255.255.255.0,5m', 'dhcp-leasefile=', 'pid-file='].join('\n'),
  );
  const late = setTimeout(() => {
    dnsmasq = spawn('ip', ['netns', 'exec', server, 'dnsmasq', '--keep-in-foreground', '-C', conf, '--user=root'], {
      stdio: 'ignore',
    });
  }, 1500);
  const result = await boot('quiet', 60_000).finally(() => clearTimeout(late));
  assert.match(result.addresses, /eth[01] 10\.77\.0\.1\d\d/, JSON.stringify(result));
  const said = result.said.join('\n');
  assert.match(said, /no NIC has a link|no usable address on/, 'what was missing was said');
  assert.match(said, /Check: .*Trying again, without end\./);
  assert.match(said, /eth0 has a link and no address, its DHCP client is started anew/);
  assert.match(result.steps.join('\n'), /network done .*eth0 10\.77\.0\./);
});
