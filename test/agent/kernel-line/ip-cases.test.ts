/** One table of `ip=` and its kin, read by the agent and by the boot script in real shells: both must mean the same. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parseIpArguments } from '../../../agent/kernel-line/ip-argument.ts';
import type { RouteRequest } from '../../../agent/kernel-line/network-words.ts';
import { planConfiguration, type Setup } from '../../../agent/network/configure.ts';
import { cardsOf, dhcpInterfaces } from '../../../agent/network/line-cards.ts';
import type { NetworkState } from '../../../agent/network/network-state.ts';
import { PROJECT } from '../../../packaging/project-paths.ts';
import { DEFAULT_PATH, run } from '../../../platform/process/run.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

interface Row {
  /** Whose documentation or report the form is from. */
  readonly source: string;
  readonly line: string;
  /** The cards that are asked by DHCP, of eth0 and eth1. */
  readonly dhcp: string;
  /** `ADDRESS/PREFIX NIC [GATEWAY] [mtu N]`, `vlan ID NAME on NIC`. */
  readonly set?: readonly string[];
  readonly dns?: readonly string[];
  readonly ntp?: readonly string[];
  readonly host?: string;
  readonly booted?: string;
  readonly missing?: readonly string[];
  /** `NETWORK/LENGTH [via GATEWAY] [dev NIC]` */
  readonly routes?: readonly string[];
  /** What the lease script sets with a lease, `CARD=MTU`. */
  readonly mtu?: string;
  /** What udhcpc is told, in hexadecimal. */
  readonly clientId?: string;
  /** Patterns, one for each warning. */
  readonly warn?: readonly string[];
}

const ROWS = JSON.parse(readFileSync(new URL('./ip-cases.json', import.meta.url), 'utf8')) as readonly Row[];
const CARDS = { eth0: '52:54:00:00:0a:01', eth1: '52:54:00:00:0a:02' } as const;
const STATE: NetworkState = {
  nics: Object.entries(CARDS).map(([name, mac], index) => ({
    name,
    mac,
    index,
    physical: true,
    up: true,
    carrier: true,
    driver: 'e1000',
    addresses: [],
  })),
  modules: new Set(),
  undriven: [],
  firmwareErrors: [],
};

/** A setup as the table writes it. */
function inTable({ what, nic, steps }: Setup): string {
  const [, id, parent] = /^VLAN (\d+) on (.+)$/.exec(what) ?? [];
  if (id !== undefined) return `vlan ${id} ${nic} on ${parent}`;
  const words = steps.map((step) => step.join(' '));
  const found = (pattern: RegExp): string => words.map((text) => pattern.exec(text)?.[1]).find(Boolean) ?? '';
  const mtu = found(/ mtu (\d+)/);
  const parts = [found(/addr add (\S+)/), nic, found(/ via (\S+)/), mtu === '' ? '' : `mtu ${mtu}`];
  return parts.filter((part) => part !== '').join(' ');
}

function routeInTable({ destination, gateway, nic }: RouteRequest): string {
  return [destination, gateway && `via ${gateway}`, nic && `dev ${nic}`].filter(Boolean).join(' ');
}

test('the agent reads every form of the table', () => {
  for (const row of ROWS) {
    const wanted = parseIpArguments(row.line);
    const { setups, missing } = planConfiguration(STATE, wanted);
    const dns = [...wanted.statics.flatMap(({ nameservers }) => nameservers), ...wanted.nameservers];
    assert.deepEqual(setups.map(inTable), row.set ?? [], row.line);
    assert.deepEqual(missing, row.missing ?? [], row.line);
    assert.deepEqual(dhcpInterfaces(STATE, wanted).join(' '), row.dhcp, row.line);
    assert.deepEqual(dns, row.dns ?? [], row.line);
    assert.deepEqual(wanted.ntpServers, row.ntp ?? [], row.line);
    assert.deepEqual(wanted.routes.map(routeInTable), row.routes ?? [], row.line);
    assert.equal(wanted.hostname, row.host, row.line);
    assert.equal(cardsOf(wanted.booted ?? '', STATE.nics, wanted)[0], row.booted, row.line);
    const warnings = wanted.warnings.join('\n');
    assert.equal(wanted.warnings.length, row.warn?.length ?? 0, `${row.line}: ${warnings}`);
    for (const pattern of row.warn ?? []) assert.match(warnings, new RegExp(pattern), row.line);
  }
});

/** The overlay's scripts with two cards read the whole table in one shell. */
async function byScript(t: TestContext, shell: readonly [string, ...string[]]): Promise<void> {
  const root = temporaryDirectory(t);
  const overlay = join(PROJECT, 'tinycore/overlay/all');
  for (const directory of ['proc', 'tmp', 'var/run']) mkdirSync(join(root, directory), { recursive: true });
  for (const directory of ['etc/init.d', 'usr/share/udhcpc'])
    cpSync(join(overlay, directory), join(root, directory), { recursive: true });
  for (const [card, mac] of Object.entries(CARDS)) {
    const at = join(root, 'sys/class/net', card);
    mkdirSync(join(at, 'device'), { recursive: true });
    writeFileSync(join(at, 'type'), '1\n');
    writeFileSync(join(at, 'address'), `${mac}\n`);
  }
  const reader = [
    'set -f; root=$RAZOR_MK_ROOT; . "$root/usr/share/udhcpc/lease-words"; . "$root/usr/share/udhcpc/kernel-line"',
    'while IFS= read -r line; do printf "%s\\n" "$line" >"$root/proc/cmdline"',
    'echo "$(set -- list; . "$root/etc/init.d/dhcp.sh")|$(booted)|$(kernel_line; echo $mtus)|$(kernel_line; client_option)"; done',
  ];
  writeFileSync(join(root, 'reader'), `${reader.join('\n')}\n`);
  const result = await run([...shell, join(root, 'reader')], {
    env: { PATH: DEFAULT_PATH, RAZOR_MK_ROOT: root },
    input: `${ROWS.map(({ line }) => line).join('\n')}\n`,
    timeoutMs: 60_000,
  });
  assert.equal(result.stderr.toString('utf8'), '');
  const printed = result.stdout.toString('utf8').trimEnd().split('\n');
  for (const [at, row] of ROWS.entries()) {
    const clientId = row.clientId === undefined ? '' : `-C -x 0x3d:${row.clientId}`;
    assert.equal(printed[at], [row.dhcp, row.booted, row.mtu, clientId].join('|'), row.line);
  }
}

test('the boot script leaves the same cards to DHCP (dash)', (t) => byScript(t, ['dash']));
test('the boot script leaves the same cards to DHCP (busybox)', (t) => byScript(t, ['busybox', 'sh']));
