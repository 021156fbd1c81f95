/**
 * Extensions and kernel modules that the server's lists name: fetched from its mirror, checked, installed, loaded; what is
 * wrong is refused. It is about what comes after the first check-in, so kernel and initrd are booted directly; the image's
 * console is a shell, on which the machine is looked at.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packSquashfs } from '../../../tinycore/image/extensions/squashfs.ts';
import { shellOn, typeAt } from '../console.ts';
import { serveFiles } from '../inside.ts';
import { bootDirectly, readySite } from '../ready.ts';
import { factsOf, isEvent, type Scenario } from '../scenario.ts';

const PORT = 8090;
/** Neither is loaded on such a machine, and the second needs the first. */
const MODULES = ['crc-itu-t', 'fs/udf/udf.ko'] as const;

export const scenario: Scenario = {
  id: 'l',
  title: 'extensions of the server’s list from its mirror, kernel modules of its list',
  gate: false,
  minutes: 15,
  async run(world) {
    const image = { kernel: 'cloud' } as const;
    const web = join(world.dir, 'web');
    world.step('extensions are made, and the lists that name them');
    // as a mirror lays them out: MAJOR.x/ARCHITECTURE/tcz; the base that is made of Debian packages is version 0.12
    const mirror = join(web, 'tinycorelinux/0.x/x86_64/tcz');
    await extension(mirror, 'site-tool', {
      'usr/local/bin/site-tool': '#!/bin/sh\n. /usr/local/lib/site-words\necho "$WORD"\n',
      'usr/local/tce.installed/site-tool': '#!/bin/sh\necho started >/tmp/site-tool-was-started\n',
      'etc/razor-mk/facts.d/site.txt': 'rack=12\n',
    });
    writeFileSync(join(mirror, 'site-tool.tcz.dep'), 'site-words.tcz\n');
    await extension(mirror, 'site-words', { 'usr/local/lib/site-words': 'WORD=hello-from-the-mirror\n' });
    await extension(mirror, 'forged', { 'usr/local/bin/forged': '#!/bin/sh\n' });
    await extension(mirror, 'damaged', { 'usr/local/bin/damaged': '#!/bin/sh\n' });
    writeFileSync(join(mirror, 'damaged.tcz.md5.txt'), `${'0'.repeat(32)}  damaged.tcz\n`);
    // what it depends on is in no list: the mirror would choose what runs as root
    await extension(mirror, 'led', { 'usr/local/bin/led': '#!/bin/sh\n' });
    await extension(mirror, 'stranger', { 'usr/local/bin/stranger': '#!/bin/sh\n' });
    writeFileSync(join(mirror, 'led.tcz.dep'), 'stranger.tcz\n');
    const listed = (name: string): { readonly name: string; readonly sha256: string } => ({
      name: `${name}.tcz`,
      sha256: createHash('sha256')
        .update(readFileSync(join(mirror, `${name}.tcz`)))
        .digest('hex'),
    });
    const forged = { name: 'forged.tcz', sha256: '0'.repeat(64) };
    list(web, 'tce-install-list', [
      ...['site-tool', 'site-words', 'led'].map(listed),
      ...[forged, 'damaged.tcz', 'absent.tcz'],
    ]);
    list(web, 'kmod-install-list', [...MODULES, 'no-such-module']);

    const uri = `http://10.77.0.1:${PORT}/tinycorelinux`;
    const pushed = [
      `mk_tce_mirror_uri=${uri}`,
      `mk_tce_install_list_uri=${uri}/tce-install-list`,
      `mk_kmod_install_list_uri=${uri}/kmod-install-list`,
    ];
    const { site, lab } = await readySite(world, { image, discoverOnly: true, lab: ['--mk', ...pushed] });
    const asked = await serveFiles(site, web, PORT);
    await site.lan.addTap('tap0');
    const machine = await bootDirectly(world, site, image, {
      name: 'node1',
      nics: [{ mac: '52:54:00:00:00:6c', tap: 'tap0' }],
      append: 'razor.fact_refresh=5',
    });
    world.step('it registers, and its first reply names the lists');
    const { node = '' } = await lab.waitFor('registered', isEvent('registered'), 240_000);
    world.step('a fact that the extension brought reaches the server');
    await lab.waitFor(
      'registered anew',
      (event) => isEvent('registered', node)(event) && event.details?.['new'] === false,
    );
    assert.equal((await factsOf(site, node))['rack'], '12');

    world.step('the extension works, with the one that it depends on; its start script ran');
    const shell = async (line: string): Promise<string> => (await shellOn(machine, line)).text;
    assert.match(await shell('site-tool'), /hello-from-the-mirror/);
    assert.match(await shell('cat /tmp/site-tool-was-started'), /started/);
    assert.match(await shell('cat /opt/tcemirror'), new RegExp(uri));
    world.step('what does not fit its checksum is not installed');
    for (const name of ['forged', 'damaged', 'absent', 'led']) {
      assert.equal((await shellOn(machine, `test -e /usr/local/bin/${name}`)).status, 1, name);
      assert.match(await shell(`grep "${name}.tcz was not installed" /var/log/rz_mk_controller.log`), /"level"/, name);
    }
    assert.equal((await shellOn(machine, 'test -e /usr/local/bin/stranger')).status, 1);
    assert.ok(asked.some((path) => path.endsWith('/forged.tcz')));
    world.step('the modules of the list are loaded, and the one that is not there is named');
    for (const name of ['crc_itu_t', 'udf']) assert.match(await shell(`grep "^${name} " /proc/modules`), /Live/, name);
    assert.match(await shell('grep "no-such-module is not below" /var/log/rz_mk_controller.log'), /"level"/);
    world.step(
      'the keyboard reaches the shell of the second terminal, as it does not in the released image (scenario m)',
    );
    await typeAt(machine, 2, '\nid\n');
    await new Promise((resolve) => setTimeout(resolve, 2000));
    assert.match(await machine.screenText(), /uid=0/);
  },
};

/** Makes NAME.tcz and its checksum file out of a tree of files; those of bin and tce.installed may be executed. */
async function extension(dir: string, name: string, files: Readonly<Record<string, string>>): Promise<void> {
  const tree = join(dir, `${name}.tree`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
  }
  const file = join(dir, `${name}.tcz`);
  await packSquashfs(tree, file, 'gzip', 0);
  const md5 = createHash('md5').update(readFileSync(file)).digest('hex');
  writeFileSync(`${file}.md5.txt`, `${md5}  ${name}.tcz\n`);
}

function list(web: string, name: string, entries: readonly unknown[]): void {
  writeFileSync(join(web, 'tinycorelinux', name), JSON.stringify(entries));
}
