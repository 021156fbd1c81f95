/**
 * A cloud image made of Debian's packages, small enough for an emulated machine: Debian's kernel, GRUB and cloud-init with the
 * Python that it needs, and BusyBox in the place of systemd. cloud-init runs its four stages as its units do, and a login comes up.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fetchPackage, fetchPackages, kernelPackage, type PackageSource } from '../../tinycore/image/base/debian.ts';
import { writeCpio } from '../../tinycore/image/initrd/cpio.ts';
import { directoryEntry, fileEntry, type Entry } from '../../tinycore/image/initrd/entry.ts';
import { must } from '../../tinycore/image/programs.ts';
import { DEBIAN_CACHE, partitionTable } from './os-image.ts';

const MIB = 1024 * 1024;
const ROOT_MIB = 224;
const EFI_MIB = 16;
const SOURCE: PackageSource = { cache: DEBIAN_CACHE };

/** cloud-init, what it imports, what it starts, and their libraries. */
const PACKAGES = [
  ...['cloud-init', 'python3-minimal', 'python3.11-minimal', 'libpython3.11-minimal', 'libpython3.11-stdlib'],
  ...['python3-configobj', 'python3-six', 'python3-jinja2', 'python3-markupsafe', 'python3-jsonpatch'],
  ...['python3-json-pointer', 'python3-jsonschema', 'python3-attr', 'python3-pyrsistent', 'python3-netifaces'],
  ...['python3-oauthlib', 'python3-requests', 'python3-urllib3', 'python3-idna', 'python3-certifi'],
  ...['python3-chardet', 'python3-serial', 'python3-yaml', 'libyaml-0-2', 'libc6', 'libssl3', 'zlib1g', 'libexpat1'],
  ...['libffi8', 'libbz2-1.0', 'liblzma5', 'libuuid1', 'libcrypt1', 'libblkid1', 'util-linux', 'libpcre2-8-0'],
  ...['libselinux1', 'ifupdown', 'passwd', 'libaudit1', 'libcap-ng0', 'libsemanage2', 'libsepol2', 'libpam0g'],
  ...['libmount1', 'libsmartcols1', 'libtinfo6', 'kmod', 'libzstd1', 'mount'],
];

/** What of a package nobody needs here. */
const LEFT_OUT = /\/usr\/share\/(doc|man|locale|lintian|bash-completion|info)(\/|$)/;

/** Modules of the kernel, below its directory: the disk, the card, the root's file system, and that of cloud-init's volume. */
const MODULES = [
  ...['drivers/virtio', 'drivers/block/virtio_blk.ko', 'drivers/net/virtio_net.ko', 'drivers/net/net_failover.ko'],
  ...['net/core/failover.ko', 'fs/ext4', 'fs/jbd2', 'fs/mbcache.ko', 'fs/fat', 'fs/nls', 'lib/crc16.ko'],
  ...['crypto/crc32c_generic.ko', 'arch/x86/crypto/crc32c-intel.ko'],
];

/** Writes DIR/cloud.qcow2 and gives its path. Throws where a package or a program is missing. */
export async function makeCloudImage(dir: string): Promise<string> {
  const root = join(dir, 'cloud');
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  for (const each of await fetchPackages(PACKAGES, SOURCE)) {
    cpSync(each.root, root, { recursive: true, verbatimSymlinks: true, filter: (path) => !LEFT_OUT.test(path) });
  }
  await addKernel(root);
  await addBusybox(root);
  for (const [path, [text, mode]] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, { mode });
  }
  for (const place of [
    'proc',
    'sys',
    'dev',
    'run',
    'tmp',
    'root',
    'var/lib',
    'var/log',
    'var/tmp',
    'etc/network/interfaces.d',
  ])
    mkdirSync(join(root, place), { recursive: true });
  await compilePython(root);
  return await assemble(dir, root);
}

/** As the packages' own scripts do: without it each start of an emulated Python compiles hundreds of files. */
async function compilePython(root: string): Promise<void> {
  const python = join(root, 'usr/bin/python3.11');
  const words = ['-m', 'compileall', '-q', '-s', root, '--invalidation-mode', 'unchecked-hash'];
  const places = ['usr/lib/python3', 'usr/lib/python3.11'].map((path) => join(root, path));
  await must([python, ...words, ...places], { timeoutMs: 300_000, env: { PYTHONHOME: join(root, 'usr') } });
}

async function addKernel(root: string): Promise<void> {
  const kernel = await fetchPackage(await kernelPackage('cloud', SOURCE), SOURCE);
  const [version = ''] = readdirSync(join(kernel.root, 'lib/modules'));
  const from = join(kernel.root, 'lib/modules', version);
  const to = join(root, 'lib/modules', version);
  for (const path of MODULES) {
    // what is not there is built in
    if (existsSync(join(from, 'kernel', path)))
      cpSync(join(from, 'kernel', path), join(to, 'kernel', path), { recursive: true });
  }
  for (const name of ['modules.order', 'modules.builtin', 'modules.builtin.modinfo']) {
    if (existsSync(join(from, name))) cpSync(join(from, name), join(to, name));
  }
  await must(['depmod', '-b', root, version]);
  mkdirSync(join(root, 'boot'), { recursive: true });
  cpSync(join(kernel.root, 'boot', `vmlinuz-${version}`), join(root, 'boot/vmlinuz'));
  const busybox = await fetchPackage('busybox-static', SOURCE);
  const initrd = writeCpio([
    ...['proc', 'sys', 'dev', 'root', 'bin', 'lib', 'lib/modules'].map((path) => directoryEntry(path)),
    fileEntry('init', INITRD, 0o755),
    fileEntry('bin/busybox', await readFile(join(busybox.root, 'bin/busybox')), 0o755),
    ...(await entriesBelow(root, `lib/modules/${version}`)),
  ]);
  writeFileSync(join(root, 'boot/initrd.img'), initrd);
}

async function entriesBelow(root: string, path: string): Promise<Entry[]> {
  if (!statSync(join(root, path)).isDirectory()) return [fileEntry(path, await readFile(join(root, path)))];
  const below = await Promise.all(readdirSync(join(root, path)).map((name) => entriesBelow(root, `${path}/${name}`)));
  return [directoryEntry(path), ...below.flat()];
}

async function addBusybox(root: string): Promise<void> {
  const busybox = await fetchPackage('busybox-static', SOURCE);
  mkdirSync(join(root, 'bin'), { recursive: true });
  cpSync(join(busybox.root, 'bin/busybox'), join(root, 'bin/busybox'));
  const applets = (await must([join(root, 'bin/busybox'), '--list'])).stdout.toString().split('\n').filter(Boolean);
  const places = ['bin', 'sbin', 'usr/bin', 'usr/sbin'];
  for (const applet of applets) {
    // what a package brings is what cloud-init means
    if (!places.some((place) => existsSync(join(root, place, applet))))
      symlinkSync('/bin/busybox', join(root, 'bin', applet));
  }
  symlinkSync('/bin/busybox', join(root, 'sbin/init'));
  symlinkSync('/bin/busybox', join(root, 'sbin/udhcpc'));
}

const INITRD = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
for module in virtio_pci virtio_blk ext4; do /bin/busybox modprobe $module; done
n=0
until [ -b /dev/vda1 ] || [ $n -gt 50 ]; do n=$((n + 1)); /bin/busybox sleep 0.2; done
/bin/busybox mount -t ext4 /dev/vda1 /root || exec /bin/busybox sh
exec /bin/busybox switch_root /root /sbin/init
`;

// BusyBox’s shell takes its own programs before those of a package, so that these have their paths
/** In the order of cloud-init's units: init-local, the network, init, config, final. */
const START = `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /run
/sbin/modprobe virtio_net
echo "CLOUD-IMAGE: cloud-init starts"
cloud-init init --local
/sbin/ifup -a
cloud-init init
cloud-init modules --mode=config
cloud-init modules --mode=final
echo "CLOUD-IMAGE: cloud-init has ended"
`;

const DHCP = `#!/bin/sh
case $1 in
  deconfig)
    ip addr flush dev "$interface"
    ip link set dev "$interface" up
    ;;
  bound | renew)
    ip addr flush dev "$interface"
    ip addr add "$ip/$mask" dev "$interface"
    [ -z "$router" ] || ip route replace default via "$router"
    ;;
esac
`;

const FILES: Readonly<Record<string, readonly [text: string, mode: number]>> = {
  'etc/passwd': ['root:x:0:0:root:/root:/bin/sh\n', 0o644],
  'etc/shadow': ['root:*:19000:0:99999:7:::\n', 0o600],
  'etc/group': ['root:x:0:\nadm:x:4:\nsudo:x:27:\n', 0o644],
  'etc/gshadow': ['', 0o600],
  'etc/hostname': ['nobody-named-it\n', 0o644],
  'etc/hosts': ['127.0.0.1 localhost\n', 0o644],
  'etc/inittab': [
    '::sysinit:/etc/init.d/rcS\nttyS0::respawn:/bin/busybox getty -L 115200 ttyS0 vt100\n::ctrlaltdel:/bin/reboot\n',
    0o644,
  ],
  'etc/init.d/rcS': [START, 0o755],
  'etc/udhcpc/default.script': [DHCP, 0o755],
  'etc/network/interfaces': ['auto lo\niface lo inet loopback\nsource /etc/network/interfaces.d/*\n', 0o644],
  'etc/cloud/cloud.cfg.d/99-image.cfg': [
    `datasource_list: [NoCloud]
users: [default]
ssh_genkeytypes: []
cloud_init_modules: [write-files, set_hostname, update_hostname, users-groups, ssh]
cloud_config_modules: [set-passwords, timezone, runcmd]
cloud_final_modules: [scripts-vendor, scripts-user]
`,
    0o644,
  ],
};

const GRUB = `serial --unit=0 --speed=115200
terminal_output serial
search --no-floppy --set=root --file /boot/vmlinuz
linux /boot/vmlinuz console=ttyS0,115200 quiet
initrd /boot/initrd.img
boot
`;

/** An MBR with GRUB behind it for BIOS, the root, and an EFI partition with GRUB for UEFI: as clouds' images, it has room for another. */
async function assemble(dir: string, root: string): Promise<string> {
  const [image, partition, efi, qcow2] = ['cloud.raw', 'cloud.ext4', 'cloud.fat', 'cloud.qcow2'].map((name) =>
    join(dir, name),
  ) as [string, string, string, string];
  const core = await grubCore(dir);
  rmSync(partition, { force: true });
  const features = '^metadata_csum_seed,^orphan_file'; // GRUB 2.06 knows neither
  await must(['mke2fs', '-q', '-t', 'ext4', '-O', features, '-d', root, partition, `${ROOT_MIB}M`]);
  await efiPartition(dir, efi);
  const efiAt = 1 + ROOT_MIB;
  const start = partitionTable([
    { type: 0x83, mib: 1, sizeMib: ROOT_MIB },
    { type: 0xef, mib: efiAt, sizeMib: EFI_MIB },
  ]);
  core.boot.copy(start, 0, 0, 440);
  const file = await open(image, 'w');
  try {
    await file.write(start, 0, start.length, 0);
    // where boot.img looks for it: the second sector
    await file.write(core.core, 0, core.core.length, 512);
    await file.truncate((efiAt + EFI_MIB) * MIB);
  } finally {
    await file.close();
  }
  const whole = ['bs=1M', 'conv=notrunc,sparse', 'status=none'];
  await must(['dd', `if=${partition}`, `of=${image}`, 'seek=1', ...whole]);
  await must(['dd', `if=${efi}`, `of=${image}`, `seek=${efiAt}`, ...whole]);
  await must(['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', image, qcow2]);
  for (const path of [image, partition, efi, root]) rmSync(path, { recursive: true });
  return qcow2;
}

async function grubCore(dir: string): Promise<{ readonly boot: Buffer; readonly core: Buffer }> {
  const { root } = await fetchPackage('grub-pc-bin', SOURCE);
  const modules = join(root, 'usr/lib/grub/i386-pc');
  const core = await readFile(
    await grubImage(dir, { format: 'i386-pc', modules, prefix: '/boot/grub', more: ['biosdisk'] }),
  );
  if (core.length > MIB - 512) throw new Error(`GRUB has ${core.length} bytes and no room before the first partition`);
  return { boot: await readFile(join(modules, 'boot.img')), core };
}

/** GRUB where firmware looks for it on a disk that it has not met before. */
async function efiPartition(dir: string, path: string): Promise<void> {
  const { root } = await fetchPackage('grub-efi-amd64-bin', SOURCE);
  const modules = join(root, 'usr/lib/grub/x86_64-efi');
  const grub = await grubImage(dir, { format: 'x86_64-efi', modules, prefix: '/EFI/BOOT', more: ['fat', 'efi_gop'] });
  rmSync(path, { force: true });
  await must(['mformat', '-C', '-i', path, '-T', String((EFI_MIB * MIB) / 512), '-h', '16', '-s', '32', '::']);
  await must(['mmd', '-i', path, '::EFI', '::EFI/BOOT']);
  await must(['mcopy', '-i', path, grub, '::EFI/BOOT/BOOTX64.EFI']);
}

interface GrubImage {
  readonly format: string;
  /** The directory of its modules. */
  readonly modules: string;
  readonly prefix: string;
  readonly more: readonly string[];
}

async function grubImage(dir: string, { format, modules, prefix, more }: GrubImage): Promise<string> {
  const [config, out] = [join(dir, 'grub.cfg'), join(dir, `grub.${format}`)];
  writeFileSync(config, GRUB);
  const needed = ['part_msdos', 'ext2', 'linux', 'serial', 'terminal', 'search', 'search_fs_file', ...more];
  await must(['grub-mkimage', '-O', format, '-d', modules, '-p', prefix, '-c', config, '-o', out, ...needed]);
  return out;
}
