/**
 * The doctor in a network namespace with real programs around it: dnsmasq gives leases and answers names, a web server stands for
 * the provisioning server, and each thing on the way is broken in turn. The first broken one must be named, with its remedy and
 * its exit status. What is written to is covered in a mount namespace; nothing of this machine is changed.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createNamespace, type Namespace } from '../../lab/vm/namespace.ts';
import type { Daemon } from '../../platform/process/daemon.ts';
import { run } from '../../platform/process/run.ts';
import { MAIN } from '../helpers/razor-mk.ts';
import { authority, issued, noOpenssl } from '../helpers/certificates.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

const dir = temporaryDirectory();
const SITE = new URL('../helpers/doctor-site.ts', import.meta.url).pathname;
const skip = await cannot();
let site: Namespace | undefined;
let node: Namespace | undefined;
let dns: Daemon | undefined;
let web: Daemon | undefined;

async function cannot(): Promise<string | false> {
  if (process.getuid?.() !== 0) return 'network and mount namespaces need root';
  for (const program of ['ip', 'dnsmasq', 'unshare', 'nsenter', 'setpriv'])
    if ((await run([program, '--version'])).failure === 'not-found') return `${program} is not installed`;
  const made = await createNamespace().catch(() => undefined);
  await made?.close();
  return made === undefined ? 'network namespaces cannot be made here' : noOpenssl;
}

before(async () => {
  if (skip !== false) return;
  [site, node] = [await createNamespace(), await createNamespace()];
  const ends = ['type', 'veth', 'peer', 'name', 'eth0', 'address', '02:00:00:00:00:07', 'netns', String(node.pid)];
  await run(['ip', 'link', 'add', 'site0', 'netns', String(site.pid), ...ends] as [string, ...string[]]);
  await ip(site, 'addr add 10.77.0.1/24 dev site0');
  const ca = authority(dir);
  authority(dir, 'stranger');
  issued(dir, 'now', ca);
  issued(dir, 'later', ca, ['20400101000000Z', '20450101000000Z']);
  mkdirSync(join(dir, 'pci/0000:02:00.0'), { recursive: true });
  mkdirSync(join(dir, 'empty'));
  for (const [name, text] of Object.entries({ class: '0x020000', vendor: '0x14e4', device: '0x1639' }))
    writeFileSync(join(dir, 'pci/0000:02:00.0', name), `${text}\n`);
  writeFileSync(
    join(dir, 'kmsg'),
    '4,1,1,-;bnx2 0000:02:00.0: Direct firmware load for bnx2/a.fw failed with error -2\n',
  );
  writeFileSync(join(dir, 'no-kmsg'), '');
  writeFileSync(join(dir, 'resolv.conf'), 'nameserver 10.77.0.1\noptions timeout:1 attempts:1\n');
  await sound();
});

after(async () => {
  await node?.close();
  await site?.close();
});

async function ip(where: Namespace, ...commands: string[]): Promise<void> {
  for (const command of commands) await where.must(['ip', ...command.split(' ')]);
}

/** The site's DNS server. With `no` it says that there are no names; with nothing it refuses. */
async function names(razor?: string): Promise<void> {
  await dns?.stop();
  const quiet = ['--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--pid-file=', '--user=root', '--no-daemon'];
  const known = razor === undefined ? [] : [razor === 'no' ? '--local=/razor/' : `--address=/razor/${razor}`];
  dns = await site?.start(['dnsmasq', ...quiet, '--listen-address=10.77.0.1', '--bind-interfaces', ...known]);
}

/** The site's provisioning server, in one of its moods. */
async function serve(mood: string): Promise<void> {
  await web?.stop();
  let listening = (): void => undefined;
  const up = new Promise<void>((resolve) => (listening = resolve));
  web = await site?.start([process.execPath, SITE, mood, dir], { onLine: () => listening() });
  await up;
}

interface Case {
  readonly what: string;
  readonly break?: () => Promise<unknown>;
  readonly args?: readonly string[];
  /** In a namespace without a card, or with another kernel log or list of PCI devices. */
  readonly machine?: { readonly bare?: true; readonly pci?: string; readonly kmsg?: string };
  readonly exit: number;
  readonly first: RegExp;
  readonly remedy: RegExp;
  /** A line below the row of the check. */
  readonly row?: RegExp;
}

const link =
  (...commands: string[]) =>
  (): Promise<void> =>
    ip(node as Namespace, ...commands);
const secure = ['--server', 'https://10.77.0.1:8443'];
const ours = [...secure, '--ca-file', join(dir, 'ca.pem')];

const CASES: readonly Case[] = [
  {
    what: 'no driver took the card',
    machine: { bare: true, pci: 'pci' },
    exit: 1,
    first: /^driver\. no driver took the network controller 0000:02:00\.0 14e4:1639/,
    remedy: /driver module of this PCI id/,
  },
  {
    what: 'the firmware of the card is missing',
    break: link('link set eth0 down'),
    machine: { kmsg: 'kmsg' },
    exit: 2,
    first: /^firmware\. bnx2 .*bnx2\/a\.fw failed/,
    remedy: /^Put the file into the image/,
  },
  {
    what: 'the cable is out',
    break: async () => await ip(site as Namespace, 'link set site0 down'),
    exit: 3,
    first: /^link\. no NIC has a link: eth0 02:00:00:00:00:07/,
    remedy: /^Check cable, transceiver and switch port/,
  },
  {
    what: 'nobody gave a lease',
    break: link('addr flush dev eth0', 'addr add 169.254.7.7/16 dev eth0'),
    exit: 4,
    first: /^lease\. no usable address on eth0 \(only .*169\.254\.7\.7/,
    remedy: /^Check the DHCP server/,
  },
  {
    what: 'there is no route to the server',
    break: link('route del default'),
    args: ['--server', '10.88.0.1'],
    exit: 5,
    first: /^route\. no route to the server 10\.88\.0\.1, and no default route/,
    remedy: /^Check the router that DHCP gives \(option 3\)/,
  },
  {
    what: 'the DNS server is dead',
    break: async () => await dns?.stop(),
    exit: 6,
    first: /^DNS\. 10\.77\.0\.1 is dead: /,
    remedy: /^Start or replace the DNS server 10\.77\.0\.1/,
  },
  {
    what: 'the DNS server refuses us',
    break: () => names(),
    exit: 6,
    first: /^DNS\. 10\.77\.0\.1 refuses to answer this machine \(REFUSED\)/,
    remedy: /^Correct the DNS server 10\.77\.0\.1/,
  },
  {
    what: 'DNS lives and does not know the name',
    break: () => names('no'),
    exit: 7,
    first: /^server\. no provisioning server was found:$/,
    remedy: /^Give razor\.ip=/,
    row: /^ +DNS name razor: A razor: NXDOMAIN/m,
  },
  {
    what: 'DNS gives a wrong address',
    break: () => names('10.77.0.99'),
    exit: 8,
    first: /^TCP\. 10\.77\.0\.99 port 8026 cannot be reached: no host of that address/,
    remedy: /^Check the address.*comes from: DNS name razor/,
  },
  {
    what: 'the server is not started',
    break: async () => await web?.stop(),
    exit: 8,
    first: /^TCP\. 10\.77\.0\.1 port 8026 refuses connections/,
    remedy: /^Start the provisioning server/,
  },
  {
    what: 'the authority of the certificate is not known',
    args: [...secure, '--ca-file', join(dir, 'stranger.pem')],
    exit: 9,
    first: /^TLS and clock\. .*authority that is not known here/,
    remedy: /^Name the authority/,
  },
  {
    what: 'the clock is wrong',
    break: () => serve('later'),
    args: ours,
    exit: 9,
    first: /^TLS and clock\. .*not valid yet, and this machine’s clock is \d+ days behind the server’s/,
    remedy: /^Set the clock: razor\.ntp=/,
  },
  {
    what: 'plain HTTP is asked on the port of TLS',
    args: ['--server', 'http://10.77.0.1:8443'],
    exit: 10,
    first: /^HTTP\. .*the connection was cut/,
    remedy: /write https:\/\/HOST:PORT/,
  },
  {
    what: 'the server answers HTTP 500',
    break: () => serve('500'),
    exit: 11,
    first: /^reply\. .*HTTP 500/,
    remedy: /log/,
  },
  {
    what: 'the reply is no JSON',
    break: () => serve('html'),
    exit: 11,
    first: /^reply\. .*not JSON: "<h1>It works!/,
    remedy: /^Check that the address belongs to a provisioning server/,
  },
  {
    what: 'the server reports an error of its own',
    break: () => serve('errcode'),
    exit: 11,
    first: /^reply\. .*"No database", errcode is not 0/,
    remedy: /^Read the message, which is the server’s/,
  },
];

/** The doctor on the node: its exit status and what it wrote. */
async function doctor({ args = [], machine = {} }: Pick<Case, 'args' | 'machine'>): Promise<[number, string]> {
  const { pci = 'empty', kmsg = 'no-kmsg', bare } = machine;
  const script = [
    'set -e; mount -t sysfs none /sys',
    `mount --bind ${dir}/${pci} /sys/bus/pci/devices`,
    `mount --bind ${dir}/${kmsg} /dev/kmsg`,
    'exec "$@"',
  ].join('; ');
  const nowhere = ['--cmdline', '/dev/null', '--config', '/dev/null', '--next-server-file', '/nonexistent'];
  const verb = [process.execPath, MAIN, 'doctor', '--resolv-conf', join(dir, 'resolv.conf'), ...nowhere, ...args];
  const inMount = [
    'unshare',
    '-m',
    ...(bare ? ['-n'] : []),
    '--propagation',
    'private',
    'sh',
    '-c',
    script,
    'sh',
    ...verb,
  ];
  const argv = (node as Namespace).inside(inMount as [string, ...string[]]);
  const { status, stdout, stderr } = await run(argv, { timeoutMs: 60_000 });
  return [status ?? -1, `${stdout.toString()}${stderr.toString()}`];
}

test('nothing is broken, by http and by https', { skip }, async () => {
  for (const args of [[], ours]) {
    const [exit, whole] = await doctor({ args });
    assert.equal(exit, 0, whole);
    assert.match(whole, /reply +ok +the server says register to 020000000007\n/);
  }
});

for (const one of CASES) {
  test(`${one.what}: that is named first, with status ${one.exit}`, { skip }, async () => {
    await one.break?.();
    const [exit, whole] = await doctor(one);
    const [, first = '', remedy = ''] = /The first thing that is broken: (.*)\nWhat to do: (.*)\n/.exec(whole) ?? [];
    assert.match(first, one.first, whole);
    assert.match(remedy, one.remedy, whole);
    if (one.row !== undefined) assert.match(whole, one.row);
    assert.equal(exit, one.exit, whole);
    if (one.break === undefined) return;
    await sound();
  });
}

/** Everything as it was. */
async function sound(): Promise<void> {
  await ip(site as Namespace, 'link set site0 up');
  await ip(node as Namespace, 'link set eth0 up', 'addr flush dev eth0', 'addr add 10.77.0.7/24 dev eth0');
  await ip(node as Namespace, 'route replace default via 10.77.0.1');
  await names('10.77.0.1');
  await serve('good');
}
