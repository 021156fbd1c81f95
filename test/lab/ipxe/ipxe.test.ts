import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { BOOT_DIALECTS, bootstrapFor, grubFor } from '../../../lab/ipxe/bootstrap.ts';
import { layOut } from '../../../lab/ipxe/layout.ts';
import { startLab } from '../../../lab/lab-server.ts';
import { bootstrapIpxe, IPXE_MENU, SYSLINUX_MENU } from '../../../platform/netboot/scripts.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

describe('the iPXE bootstrap', () => {
  it('tries eight network interfaces and names them all in the question', () => {
    const script = bootstrapIpxe('192.0.2.1:8026');
    const lines = script.split('\n');
    assert.equal(lines[0], '#!ipxe');
    for (let n = 0; n < 8; n++) {
      assert.equal(
        lines[n + 1],
        `isset \${net${n}/mac} && dhcp net${n} && set dhcp_mac 01-\${net${n}/mac:hexhyp} && goto ask ||`,
      );
    }
    const chain = lines.find((line) => line.startsWith('chain '));
    assert.equal(
      chain,
      'chain http://192.0.2.1:8026/razor/api/boot?hw_id=${net0/mac}_${net1/mac}_${net2/mac}_${net3/mac}_${net4/mac}_${net5/mac}_${net6/mac}_${net7/mac}&dhcp_mac=${dhcp_mac} || goto error',
    );
    // the lab's answer for a local disk under UEFI ends the bootstrap, with a status that is no success for the firmware
    assert.match(script, /\n:error\nisset \$\{razor_local\} && exit 1 \|\|\n/);
    assert.match(script, /\n:error\n[^]*sleep 15\nreboot\n$/);
    assert.doesNotMatch(script, /proxydhcp/);
    // beside a router, whose own address is next-server, it is the proxyDHCP server that named this script
    const found = bootstrapIpxe('${next-server}:8026');
    assert.match(
      found,
      /\n:ask\nisset \$\{proxydhcp\/next-server\} && set next-server \$\{proxydhcp\/next-server\} \|\|\nchain /,
    );
  });

  it('leads a machine to the boot API of each dialect, which knows it by what the script asks with', async () => {
    const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 } });
    const uuid = '5b8f0c3e-91d2-4c57-8a66-000000000001';
    // what iPXE puts in place of the settings of a machine with one card, whose colons it escapes
    const settings: Readonly<Record<string, string>> = {
      'net0/mac': '52%3A54%3A00%3A00%3A6a%3A01',
      'net0/mac:hexhyp': '52-54-00-00-6a-01',
      dhcp_mac: '01-52-54-00-00-6a-01',
      uuid,
      platform: 'pcbios',
    };
    try {
      for (const dialect of BOOT_DIALECTS) {
        const door = new URL(dialect === 'razor-server' ? (lab.razorServerUrl ?? '') : lab.nodesUrl);
        const script = bootstrapFor(dialect, door.hostname, door.port);
        const [, chain = ''] = /^chain (\S+)/m.exec(script) ?? [];
        const url = chain.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => settings[name] ?? '');
        const before = lab.events.last;
        const reply = await fetch(url);
        assert.match(await reply.text(), /^#!ipxe\n/, url);
        const boot = lab.events.since(before).find((event) => event.type === 'boot');
        assert.equal(boot?.dialect, dialect, url);
        assert.ok(JSON.stringify(boot.details).toUpperCase().includes('5254000'), url);
        if (dialect === 'hanlon') assert.ok(JSON.stringify(boot.details).includes(uuid.toUpperCase()));
      }
      assert.match(bootstrapFor('hanlon', '${next-server}'), /http:\/\/\$\{next-server\}:8026\/hanlon/);
      assert.match(bootstrapFor('razor-server', '${next-server}'), /http:\/\/\$\{next-server\}:8150\/svc/);
    } finally {
      await lab.close();
    }
  });

  it('goes to the labels that it has, in script and menu', () => {
    for (const script of [bootstrapIpxe('a:1'), bootstrapFor('razor-server', 'a', '1'), IPXE_MENU]) {
      assert.match(script, /\n:error\nisset \$\{razor_local\} && exit 1 \|\|\n/);
      const labels = new Set([...script.matchAll(/^:(\S+)$/gm)].map((match) => match[1]));
      for (const [, target = ''] of script.matchAll(/goto ([\w-]+)/g)) assert.ok(labels.has(target), target);
    }
  });

  it('offers the automatic boot and a way around it on BIOS and on UEFI', () => {
    for (const menu of [SYSLINUX_MENU, IPXE_MENU]) {
      assert.match(menu, /Automatic Razor Node Boot/);
      assert.match(menu, /Bypass Razor/);
    }
    assert.match(SYSLINUX_MENU, /^default menu\.c32\nprompt 0\n.*\ntimeout 50\nf1 help\.txt\nf2 version\.txt\n/);
  });

  it('writes scripts, menus and the DHCP example of a TFTP root', async () => {
    const directory = temporaryDirectory();
    const script = bootstrapIpxe('192.0.2.1:8026');
    const layout = await layOut(directory, { script, grub: grubFor('razor', '192.0.2.1') }, '1.2.3');
    for (const name of layout.written) assert.ok(existsSync(join(directory, name)), name);
    assert.equal(readFileSync(join(directory, 'razor.ipxe'), 'utf8'), bootstrapIpxe('192.0.2.1:8026'));
    assert.equal(readFileSync(join(directory, 'pxelinux.cfg/default'), 'utf8'), SYSLINUX_MENU);
    assert.match(
      readFileSync(join(directory, 'grub/grub.cfg'), 'utf8'),
      /\(http,192\.0\.2\.1:8026\)\/razor\/api\/boot/,
    );
    assert.match(readFileSync(join(directory, 'version.txt'), 'utf8'), /razor-mk 1\.2\.3/);
  });

  it('asks the boot API by GRUB too where that answers it', () => {
    assert.match(grubFor('razor', '${next-server}', '9026') ?? '', /\(http,\$net_default_server:9026\)/);
    for (const dialect of ['hanlon', 'razor-server'] as const) assert.equal(grubFor(dialect, '192.0.2.1'), undefined);
  });
});
