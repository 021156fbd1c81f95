/** What `image build --server` writes for each server, what --allow-deploy puts into the image, and a TFTP root's iPXE. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { parse } from 'yaml';
import { settingNames } from '../../../../agent/config/names.ts';
import { parseCommandLine } from '../../../../platform/kernel-line.ts';
import { readForemanParameters } from '../../../../agent/servers/foreman/foreman-parameters.ts';
import { selectServer } from '../../../../agent/servers/select-server.ts';
import { buildImage } from '../../../../tinycore/image/build.ts';
import type { BuildOptions } from '../../../../tinycore/image/build-options.ts';
import { readInitrd, readTree } from '../../../../tinycore/image/initrd/initrd.ts';
import { BOOT_FILE_SERVERS, serverFiles, type ServerName } from '../../../../tinycore/image/netboot/boot-files.ts';
import { layOutLoaders } from '../../../../tinycore/image/netboot/ipxe.ts';
import { chooseIpxe, ipxeNotes } from '../../../../tinycore/image/netboot/ipxe-package.ts';
import { fakeTcz, writeSmallBase } from '../../../helpers/small-base.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

let directory = '';
before(() => {
  directory = temporaryDirectory();
  writeSmallBase(join(directory, 'base'));
  writeFileSync(join(directory, 'razor-mk.tcz'), fakeTcz('the agent'));
});

async function build(change: Partial<BuildOptions>): Promise<{ out: string; warnings: readonly string[] }> {
  const out = temporaryDirectory();
  const none = {
    extensions: [],
    debian: [],
    packageCache: directory,
    mirrorExtensions: [],
    extensionDirs: [],
    modules: [],
    moduleDirs: [],
    firmware: [],
  };
  const { warnings } = await buildImage({
    ...none,
    base: join(directory, 'base'),
    out,
    formats: ['kernel'],
    flavour: 'prod',
    version: '1.2.3',
    form: 'tcz-gzip',
    agent: join(directory, 'razor-mk.tcz'),
    files: [],
    factsDirs: [],
    commands: [],
    logins: { sshKeys: [] },
    iso: { kernelArgs: [], serial: 'ttyS0,115200', timeout: 1, volumeId: 'RAZOR_MK', uefi: true },
    epoch: 1_700_000_000,
    step: () => undefined,
    ...change,
  });
  return { out, warnings };
}

/** The kernel line of one of the boot files, as the kernel would have it with a card of this address. */
function kernelLine(server: ServerName, name: string, url?: string): string {
  const files = serverFiles({ server, kernelArgs: ['quiet'], ...(url === undefined ? {} : { url }) });
  const file = files.find(({ path }) => path === `${server}/${name}`);
  const text = typeof file?.content === 'object' ? file.content.text : '';
  const mac = '52:54:00:12:34:56';
  const line = /^\s*(?:kernel|linux|APPEND) (.*)$/m.exec(text)?.[1] ?? '';
  const bootif = /IPAPPEND 2/.test(text) ? ` BOOTIF=01-${mac.replaceAll(':', '-')}` : '';
  return line.replace('${netX/mac:hexhyp}', mac.replaceAll(':', '-')).replace('$net_default_mac', mac) + bootif;
}

test('for Foreman kernel and initrd lie where its own menus look for them', async () => {
  const { out } = await build({ server: 'foreman', serverUrl: 'https://foreman.lab/' });
  const below = join(out, 'foreman');
  const [kernel, initrd] = ['boot/fdi-image/vmlinuz0', 'boot/fdi-image/initrd0.img'];
  assert.ok(readFileSync(join(below, kernel)).equals(readFileSync(join(out, 'vmlinuz'))));
  assert.ok(readFileSync(join(below, initrd)).equals(readFileSync(join(out, 'core.gz'))));
  const menu = readFileSync(join(below, 'pxelinux.cfg/default'), 'utf8');
  assert.match(menu, /^ {2}KERNEL boot\/fdi-image\/vmlinuz0$/m);
  assert.match(
    menu,
    /^ {2}APPEND initrd=boot\/fdi-image\/initrd0\.img proxy\.url=https:\/\/foreman\.lab proxy\.type=foreman /m,
  );
  assert.match(menu, /^ {2}IPAPPEND 2$/m);
});

test('for Ironic there are deploy_kernel, deploy_ramdisk and the lines that boot them', async () => {
  const { out } = await build({ server: 'ironic', serverUrl: 'http://192.0.2.5:6385' });
  const names = readdirSync(join(out, 'ironic')).sort();
  assert.deepEqual(names, [
    'boot.ipxe',
    'deploy_kernel',
    'deploy_ramdisk',
    'driver-info.txt',
    'grub.cfg',
    'pxelinux.cfg',
  ]);
  assert.match(readFileSync(join(out, 'ironic/boot.ipxe'), 'utf8'), /^initrd --name deploy_ramdisk deploy_ramdisk$/m);
  assert.ok(readFileSync(join(out, 'ironic/deploy_ramdisk')).equals(readFileSync(join(out, 'core.gz'))));
});

test('the agent reads every line for the server that it was written for, whatever the boot loader', () => {
  for (const server of BOOT_FILE_SERVERS) {
    for (const name of ['boot.ipxe', 'pxelinux.cfg/default', 'grub.cfg']) {
      // for Razor there are none without its address
      const url = server === 'razor' ? 'razor.example:8026' : undefined;
      const line = parseCommandLine(kernelLine(server, name, url));
      const where = `${server} ${name}`;
      const chosen = selectServer({
        option: undefined,
        configured: undefined,
        kernel: (key) => line.value(key),
        hasLeaseFile: () => false,
      });
      assert.equal(chosen.descriptor.name, server, where);
      assert.equal(readForemanParameters((key) => line.value(key)).bootMac, '52:54:00:12:34:56', where);
      assert.equal(line.value('quiet'), '', where);
    }
  }
});

test('GRUB gets names below its prefix, and words that mean something to its shell in quotes', () => {
  const files = serverFiles({
    server: 'ironic',
    kernelArgs: ['a=$HOME;b', 'x.list={1}'],
    url: 'http://[fd00::5]:6385',
  });
  const text = (name: string): string => {
    const content = files.find(({ path }) => path === `ironic/${name}`)?.content;
    return typeof content === 'object' ? content.text : '';
  };
  assert.match(
    text('grub.cfg'),
    /^ {2}linux \$prefix\/deploy_kernel 'ipa-inspection-callback-url=http:\/\/\[fd00::5\]/m,
  );
  assert.match(text('grub.cfg'), / 'a=\$HOME;b' 'x\.list=\{1\}' BOOTIF=/);
  assert.match(text('grub.cfg'), /^ {2}initrd \$prefix\/deploy_ramdisk$/m);
  assert.match(text('pxelinux.cfg/default'), / a=\$HOME;b x\.list=\{1\}$/m);
});

test('for Razor there are boot files only where its address was given', async () => {
  assert.deepEqual(serverFiles({ server: 'razor', kernelArgs: [] }), []);
  const files = serverFiles({ server: 'razor', kernelArgs: [], url: '192.0.2.1:8026' });
  assert.deepEqual(
    files.map(({ path }) => path),
    ['vmlinuz', 'core.gz', 'boot.ipxe', 'pxelinux.cfg/default', 'grub.cfg'].map((name) => `razor/${name}`),
  );
  assert.throws(() => serverFiles({ server: 'razor', kernelArgs: [], url: 'a b' }), /invalid address of razor/);
  const { out } = await build({});
  assert.deepEqual(readdirSync(out).sort(), ['core.gz', 'vmlinuz']);
});

test('an address that would break the kernel line is refused before anything is built', async () => {
  for (const url of ['foreman.lab', 'ftp://foreman.lab', 'https://a b', 'https://x/"y']) {
    await assert.rejects(build({ server: 'foreman', serverUrl: url }), /invalid address of foreman/, url);
  }
  assert.throws(() => serverFiles({ server: 'hanlon', kernelArgs: [], url: 'a b' }), /invalid address of hanlon/);
});

test('--allow-deploy is in the image’s configuration file beside what is there, is warned of, and is for servers that write', async () => {
  const own = join(directory, 'own.yaml');
  writeFileSync(own, '# ours\ncheckin_interval: 30\n');
  for (const [change, expected] of [
    [{}, { allow_deploy: true }],
    [{ files: [`${own}:/etc/razor-mk/config.yaml`] }, { allow_deploy: true, checkin_interval: 30 }],
  ] as const) {
    const { out, warnings } = await build({ server: 'ironic', allowDeploy: true, ...change });
    const { tree } = await readInitrd(readFileSync(join(out, 'core.gz')));
    const text = readTree(tree, 'etc/razor-mk/config.yaml')?.toString() ?? '';
    assert.deepEqual(parse(text), expected);
    assert.equal(settingNames('allowDeploy').file, 'allow_deploy', 'as the agent reads it');
    assert.ok(warnings.some((each) => each.includes('may overwrite disks')));
  }
  await assert.rejects(
    build({ server: 'foreman', allowDeploy: true }),
    /--allow-deploy: foreman has no images written/,
  );
  const { out } = await build({ server: 'ironic' });
  const { tree } = await readInitrd(readFileSync(join(out, 'core.gz')));
  assert.equal(readTree(tree, 'etc/razor-mk/config.yaml'), undefined);
  assert.ok(existsSync(join(out, 'ironic/deploy_kernel')));
});

/** LINUX_EFI_INITRD_MEDIA_GUID as the UEFI specification lays a GUID out: three little-endian numbers, eight bytes. */
const INITRD_GUID = Buffer.from('27e46855fc683d4fac74ca555231cc68', 'hex');

/** A directory with iPXE's files of this version, which offers the initrd to the kernel or does not. */
function ipxeFiles(version: string, offers: boolean): string {
  const files = join(temporaryDirectory(), 'ipxe');
  mkdirSync(files);
  const efi = Buffer.concat([Buffer.from(`MZ\0${version}\0`), offers ? INITRD_GUID : Buffer.alloc(16)]);
  writeFileSync(join(files, 'ipxe.efi'), efi);
  for (const name of ['undionly.kpxe', 'ipxe.lkrn']) writeFileSync(join(files, name), name);
  return files;
}

const never = (): Promise<string> => Promise.reject(new Error('nothing is to be fetched'));

// the original's boot script under UEFI, with iPXE of Debian 12: "VFS: Unable to mount root fs on unknown-block(0,0)"
test('the iPXE of a TFTP root is one that hands the initrd over: the installed one if it does, else Debian 13’s', async () => {
  const old = ipxeFiles('1.0.0+git-20190125.36a4c85-5.1', false);
  const newer = ipxeFiles('1.21.1+git20250501.dad20602+dfsg-1', true);
  const fetched = await chooseIpxe(undefined, () => Promise.resolve(newer), old);
  assert.deepEqual(ipxeNotes(fetched), [
    'iPXE 1.21.1+git20250501.dad20602+dfsg-1: under UEFI it hands the initrd over by itself',
  ]);
  const root = temporaryDirectory();
  assert.ok(layOutLoaders(root, fetched.directory).written.includes('undionly.kpxe'));
  assert.deepEqual(readFileSync(join(root, 'ipxe.efi')), readFileSync(join(newer, 'ipxe.efi')));

  assert.equal((await chooseIpxe(undefined, never, newer)).directory, newer, 'what the machine has is good enough');
  assert.equal((await chooseIpxe('installed', never, old)).directory, old);
});

test('where only the old iPXE can be had, what the server’s setting must be is said; where it was not wanted, it is an error', async () => {
  const old = ipxeFiles('1.0.0+git-20190125.36a4c85-5.1', false);
  const notes = ipxeNotes(await chooseIpxe(undefined, never, old)).join('\n');
  assert.match(notes, /^the newer iPXE of Debian 13 could not be had: nothing is to be fetched\n/);
  assert.match(notes, /iPXE 1\.0\.0\+git-20190125\.36a4c85-5\.1: under UEFI it does not hand the initrd over/);
  assert.match(notes, /rz_mk_boot_kernel_args: initrd=core\.gz; Hanlon hnl_mk_boot_kernel_args: initrd=core\.gz/);
  await assert.rejects(chooseIpxe('trixie', never, old), /nothing is to be fetched/);
  await assert.rejects(chooseIpxe(undefined, never, join(old, 'nothing')), {
    code: 'RAZOR_MK_IMAGE_PROGRAM',
    message: /^no iPXE: none is installed, and nothing is to be fetched$/,
  });
});
