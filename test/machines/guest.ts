/** The guest of the machines that are looked at: Debian 13's kernel and this clone's executable. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../platform/process/run.ts';
import { buildGuest, type Guest } from '../../scripts/machines/initrd.ts';
import { debianTree } from '../helpers/debian-tree.ts';
import { aptSuite } from '../../tinycore/image/base/apt-suite.ts';

const ROOT = join(import.meta.dirname, '../..');
const CACHE = join(ROOT, 'build/machines');
/** Few, because an emulated processor copies each of them: what QEMU's devices need. What those depend on comes with them. */
const DRIVERS = [
  ...['acpi', 'ata', 'block', 'cdrom', 'char/ipmi', 'char/tpm', 'cxl', 'dax', 'firmware', 'i2c', 'message/fusion'],
  ...['misc/enclosure.ko', 'mmc', 'nvdimm', 'nvme', 'ufs', 'usb/host', 'usb/storage', 'usb/common', 'usb/core', 'virt'],
  ...[
    'virtio',
    'hid',
    'input/serio',
    'net/bonding',
    'net/can',
    'net/dummy.ko',
    'net/macvlan.ko',
    'net/mdio',
    'net/mii.ko',
  ],
  ...['net/net_failover.ko', 'net/phy', 'net/tun.ko', 'net/usb', 'net/veth.ko', 'net/virtio_net.ko', 'net/vmxnet3'],
  ...['8390', 'amd/pcnet32.ko', 'dec', 'realtek'].map((part) => `net/ethernet/${part}`),
  ...['e1000', 'e1000e', 'e100.ko', 'igb', 'igbvf'].map((part) => `net/ethernet/intel/${part}`),
  ...['megaraid', 'raid_class.ko', 'scsi_common.ko', 'scsi_debug.ko', 'scsi_mod.ko'].map((part) => `scsi/${part}`),
  ...['scsi_transport_fc.ko', 'scsi_transport_sas.ko', 'scsi_transport_spi.ko', 'sd_mod.ko', 'ses.ko', 'sg.ko'].map(
    (part) => `scsi/${part}`,
  ),
  ...['sr_mod.ko', 'st.ko', 'sym53c8xx_2', 'virtio_scsi.ko', 'vmw_pvscsi.ko'].map((part) => `scsi/${part}`),
];
let built: Promise<Guest> | undefined;
let builtWithFacter: Promise<Guest | string> | undefined;

/** The guest, built once a process. Rejects where Debian's packages cannot be had. */
export function guestOf(): Promise<Guest> {
  return (built ??= build());
}

async function build(): Promise<Guest> {
  const executable = await packaged();
  const apt = await aptSuite({ suite: 'trixie', cache: CACHE, run: { timeoutMs: 300_000 } });
  return await buildGuest(join(CACHE, 'guest'), {
    init: readFileSync(join(import.meta.dirname, 'init.sh'), 'utf8'),
    programs: [],
    files: { 'usr/bin/razor-mk': executable },
    librariesOf: [executable],
    drivers: DRIVERS,
    apt,
    plain: true,
  });
}

/** A guest with Facter 4 and Ruby of Debian 13 as well, or why there is none here, in words. `tell` gets a line for what takes time. */
export function facterGuestOf(tell: (line: string) => void): Promise<Guest | string> {
  return (builtWithFacter ??= buildWithFacter(tell));
}

async function buildWithFacter(tell: (line: string) => void): Promise<Guest | string> {
  const packages = [
    ...['base-files', 'coreutils', 'dash', 'facter', 'grep', 'iproute2', 'libstdc++6'],
    ...['ruby-sys-filesystem', 'util-linux'],
  ];
  const tree = await debianTree({ dir: join(CACHE, 'facter'), packages, suite: 'trixie', tell });
  if (typeof tree === 'string') return tree;
  // an emulated processor copies every byte of it
  for (const name of ['usr/share/doc', 'usr/share/man', 'usr/share/locale', 'usr/lib/x86_64-linux-gnu/gconv']) {
    rmSync(join(tree.root, name), { recursive: true, force: true });
  }
  const executable = await packaged();
  const apt = await aptSuite({ suite: 'trixie', cache: CACHE, run: { timeoutMs: 300_000 } });
  return await buildGuest(join(CACHE, 'guest-facter'), {
    init: readFileSync(join(import.meta.dirname, 'facter-init.sh'), 'utf8'),
    programs: [],
    trees: { debian: tree.root },
    files: { 'debian/razor-mk': executable },
    drivers: DRIVERS,
    apt,
    plain: true,
  });
}

/** This clone's executable, packaged anew when a source is newer. */
async function packaged(): Promise<string> {
  const output = join(CACHE, 'package');
  const executable = join(output, 'razor-mk');
  if (existsSync(executable) && statSync(executable).mtimeMs > newest(join(ROOT, 'facts'))) return executable;
  const words = ['package', '--no-budget', '--tcz', 'none', '--output', output];
  const result = await run([process.execPath, join(ROOT, 'agent/main.ts'), ...words], {
    timeoutMs: 600_000,
    env: { HOME: process.env['HOME'] ?? tmpdir() },
    cwd: ROOT,
  });
  if (result.status !== 0) throw new Error(`package: ${result.failure ?? ''} ${result.stderr.toString().slice(-500)}`);
  return executable;
}

function newest(directory: string): number {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Math.max(...files.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs));
}
