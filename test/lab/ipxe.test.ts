import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { layOut } from '../../lab/ipxe/layout.ts';
import { bootstrapIpxe, IPXE_MENU, SYSLINUX_MENU } from '../../platform/netboot/scripts.ts';

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
    assert.match(script, /\n:error\n[^]*sleep 15\nreboot\n$/);
  });

  it('goes to the labels that it has, in script and menu', () => {
    for (const script of [bootstrapIpxe('a:1'), IPXE_MENU]) {
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

  it('lays out a TFTP root whose scripts are there and whose missing loaders are named', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'lab-ipxe-'));
    try {
      const layout = await layOut(directory, '192.0.2.1:8026', '1.2.3');
      for (const name of layout.written) assert.ok(existsSync(join(directory, name)), name);
      assert.equal(readFileSync(join(directory, 'razor.ipxe'), 'utf8'), bootstrapIpxe('192.0.2.1:8026'));
      assert.equal(readFileSync(join(directory, 'pxelinux.cfg/default'), 'utf8'), SYSLINUX_MENU);
      assert.match(readFileSync(join(directory, 'version.txt'), 'utf8'), /razor-mk 1\.2\.3/);
      const loaders = ['undionly.kpxe', 'ipxe.efi', 'ipxe.lkrn', 'menu.c32'];
      for (const name of loaders) {
        const told = layout.missing.some((line) => line.startsWith(`${name} (package `));
        assert.notEqual(layout.written.includes(name), told, `${name} is either copied or named as missing`);
      }
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
