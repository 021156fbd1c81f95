/**
 * Foreman, whose place a stand-in takes: the image under the names that Foreman's own menus boot, its kernel line with all its
 * words, facts over https to a pinned certificate, and its order to reboot.
 */
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Machine } from '../../../lab/vm/machine.ts';
import type { Site } from '../../../lab/vm/site.ts';
import { selfSigned } from '../../../agent/http/tls/self-signed.ts';
import type { DiscoveredHost } from '../../helpers/foreman/rules.ts';
import type { Scenario, World } from '../scenario.ts';

const STAND_IN = fileURLToPath(new URL('../../helpers/foreman/main.ts', import.meta.url));
const ADDRESS = '10.77.0.1';
/** Not the server's: another host of the same network. */
const STRANGER = '10.77.0.66';
const MAC = '52:54:00:00:70:01';
/** What Foreman's menus give its own image; ours boots with it too. */
const FOREMANS_WORDS = [
  ...['rootflags=loop', 'root=live:/fdi.iso', 'rootfstype=auto', 'ro', 'rd.live.image', 'acpi=force', 'rd.luks=0'],
  ...['rd.md=0', 'rd.dm=0', 'rd.lvm=0', 'rd.bootif=0', 'rd.neednet=0', 'nokaslr', 'nomodeset'],
];
const PXELINUX = ['/usr/lib/PXELINUX/pxelinux.0', '/usr/lib/syslinux/modules/bios/ldlinux.c32'];

interface Upload {
  readonly event: string;
  readonly status?: number;
  readonly message?: string;
  readonly host?: DiscoveredHost;
}

export const scenario: Scenario = {
  id: 'p',
  title: 'Foreman’s kernel line: facts to a stand-in for it, a stranger refused, its order to reboot',
  gate: false,
  minutes: 20,
  async run(world) {
    const { site, machine, host, from } = await discovered(world, 'iPXE');
    world.step('a stranger of the same network may not reboot it');
    const listening = await machine.expect(/listening for orders on https:\/\/[\d.]+:8443, for 10\.77\.0\.1/, {
      from,
    });
    await site.namespace.must(['ip', 'addr', 'add', `${STRANGER}/24`, 'dev', site.lan.bridge]);
    const url = `https://${host.ip}:8443/power/reboot`;
    assert.deepEqual(await ask(site, 'as', STRANGER, 'PUT', url), { status: 403 });

    world.step('Foreman orders the reboot');
    const reply = await ask(site, 'reboot', JSON.stringify(host));
    assert.deepEqual(reply, { route: '/power/reboot', status: 200, body: '{"result":true}' });
    const last = await machine.expect(/This is the last line/, { from: listening, timeoutMs: 120_000 });
    world.step('the firmware starts again');
    await machine.expect(/SeaBIOS|iPXE/, { from: last, timeoutMs: 120_000 });
  },
};

/** pxelinux fetches through the firmware's own driver, which is slow without KVM: a scenario of its own. */
export const pxelinux: Scenario = {
  id: 'p2',
  title: 'the same menu through pxelinux, which names the boot card by IPAPPEND 2, to discovered',
  gate: false,
  minutes: 30,
  run: async (world) => void (await discovered(world, 'pxelinux')),
};

interface Discovered {
  readonly site: Site;
  readonly machine: Machine;
  readonly host: DiscoveredHost;
  /** Offset on the console behind what was seen. */
  readonly from: number;
}

/** From power-on to the list of discovered hosts. */
async function discovered(world: World, loader: 'iPXE' | 'pxelinux'): Promise<Discovered> {
  const site = await world.site();
  const { uploads, fingerprint } = await serveForeman(site, world.dir);
  const tftp = await layOutTftp(world, site, fingerprint, loader);
  await site.lan.startDhcp({ tftpRoot: tftp });
  await site.lan.addTap('tap0');
  world.step(`power on; ${loader} fetches kernel and initrd by TFTP`);
  const machine = await site.machine({
    name: 'node1',
    memoryMiB: 768,
    nics: [
      { mac: '52:54:00:00:70:02', romfile: '' },
      { mac: MAC, tap: 'tap0', bootindex: 1 },
    ],
  });
  await machine.expect(/Linux version/, { timeoutMs: 1_200_000 });
  world.step('the agent sends facts');
  const from = await machine.expect(/registered with \d+ facts/, { timeoutMs: 480_000 });
  const [upload] = uploads;
  const host = upload?.host;
  assert.equal(upload?.status, 201, upload?.message);
  assert.ok(host);
  assert.equal(host.mac, MAC);
  assert.equal(host.name, `mac${MAC.replaceAll(':', '')}`);
  assert.match(host.ip, /^10\.77\.0\.1\d\d$/);
  assert.equal(host.columns.cpuCount, 1);
  assert.equal(host.facts['site'], 'lab');
  assert.equal(host.facts['mk_boot_mac'], MAC.toUpperCase(), 'from the BOOTIF that the boot loader added');
  return { site, machine, host, from };
}

/** Starts the stand-in inside; the list of uploads grows. */
async function serveForeman(site: Site, dir: string): Promise<{ uploads: Upload[]; fingerprint: string }> {
  const { key, cert } = selfSigned({ address: ADDRESS, days: 30, now: new Date() });
  writeFileSync(join(dir, 'key.pem'), key);
  writeFileSync(join(dir, 'cert.pem'), cert);
  const uploads: Upload[] = [];
  const errors: string[] = [];
  let ready: () => void = () => undefined;
  const listening = new Promise<void>((resolve) => (ready = resolve));
  const daemon = await site.namespace.start([process.execPath, STAND_IN, 'serve', ADDRESS, '443', dir], {
    onLine(line, stream) {
      if (stream === 'stderr') return void errors.push(line);
      const event = JSON.parse(line) as Upload;
      if (event.event === 'ready') return ready();
      uploads.push(event);
      site.timeline.add(
        'node1',
        'register',
        `Foreman answers ${String(event.status)}: ${event.host?.name ?? event.message ?? ''}`,
      );
    },
  });
  const gone = daemon.exited.then(() => Promise.reject(new Error(`the stand-in ended: ${errors.join('; ')}`)));
  gone.catch(() => undefined);
  await Promise.race([listening, gone]);
  return { uploads, fingerprint: createHash('sha256').update(new X509Certificate(cert).raw).digest('hex') };
}

/** What `image build --server foreman` wrote is what boots. QEMU's firmware is iPXE, which may hand over to pxelinux. */
async function layOutTftp(world: World, site: Site, fingerprint: string, loader: 'iPXE' | 'pxelinux'): Promise<string> {
  world.step('image build --server foreman');
  const image = await world.images.microkernel({
    kernel: 'cloud',
    flavour: 'prod', // says on the serial console what it does
    variant: 'foreman',
    args: ['--server', 'foreman', '--server-url', `https://${ADDRESS}`, '--kernel-arg', ...FOREMANS_WORDS],
  });
  const built = join(dirname(image.kernel), 'foreman');
  const tftp = join(site.dir, 'tftp');
  mkdirSync(join(tftp, 'pxelinux.cfg'), { recursive: true });
  cpSync(join(built, 'boot'), join(tftp, 'boot'), { recursive: true });
  // what only this run knows, and a fact that somebody writes into the menu
  const words = `razor.pin=${fingerprint} fdi.pxfactname1=site fdi.pxfactvalue1=lab`;
  const completed = (name: string): string =>
    readFileSync(join(built, name), 'utf8').replace(/^(?: {2}APPEND|kernel) .*$/m, (line) => `${line} ${words}`);
  if (loader === 'iPXE') {
    writeFileSync(join(tftp, 'razor.ipxe'), completed('boot.ipxe'));
    return tftp;
  }
  writeFileSync(join(tftp, 'pxelinux.cfg/default'), completed('pxelinux.cfg/default'));
  for (const file of PXELINUX) copyFileSync(file, join(tftp, basename(file)));
  writeFileSync(join(tftp, 'razor.ipxe'), '#!ipxe\nchain pxelinux.0\n');
  return tftp;
}

async function ask(site: Site, ...words: readonly string[]): Promise<unknown> {
  const { stdout } = await site.namespace.must([process.execPath, STAND_IN, ...words]);
  return JSON.parse(stdout.toString()) as unknown;
}
