import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dnsmasqConf } from '../../../lab/ipxe/dnsmasq.ts';
import {
  netbootLines,
  proxyNetbootLines,
  UNKNOWN_ADDRESS,
  type NetbootServer,
} from '../../../platform/netboot/dnsmasq.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const SERVER = { address: '192.168.77.2', tftpRoot: '/srv/tftp' };
const noDnsmasq = spawnSync('dnsmasq', ['--version']).status === 0 ? false : 'dnsmasq is not installed';

/** What a client gets as its boot file by the lines of a DHCP server. */
function bootFile(arch: number | undefined, ipxe: boolean, server: NetbootServer = SERVER): string | undefined {
  const lines = netbootLines(server);
  const tags = new Set(ipxe ? ['ipxe'] : []);
  for (const line of lines) {
    const [, tag, number] = /^dhcp-match=set:(\w+),option:client-arch,(\d+)$/.exec(line) ?? [];
    if (tag !== undefined && Number(number) === arch) tags.add(tag);
  }
  for (const line of lines.filter((one) => one.startsWith('dhcp-boot='))) {
    const words = line.slice('dhcp-boot='.length).split(',');
    const wanted = words.filter((word) => word.startsWith('tag:')).map((word) => word.slice(4));
    if (wanted.every((tag) => (tag.startsWith('!') ? !tags.has(tag.slice(1)) : tags.has(tag))))
      return words.find((word) => !word.startsWith('tag:'));
  }
  return undefined;
}

// ARM64, IA-32 and HTTP boot got undionly.kpxe, a BIOS loader
test('each architecture gets a loader of its own, iPXE the script, and others nothing that would hang them', () => {
  const http = { ...SERVER, httpPort: 8026 };
  for (const [arch, file, byHttp] of [
    [undefined, 'undionly.kpxe'],
    [0, 'undionly.kpxe'],
    [7, 'ipxe.efi'],
    [9, 'ipxe.efi'],
    [6, 'grubia32.efi'],
    [11, 'ipxe-arm64.efi'],
    [10, undefined],
    [15, undefined],
    [16, undefined, 'http://192.168.77.2:8026/boot/ipxe.efi'],
    [19, undefined, 'http://192.168.77.2:8026/boot/ipxe-arm64.efi'],
    [27, undefined],
  ] as const) {
    assert.equal(bootFile(arch, false), file, `architecture ${arch}`);
    assert.equal(bootFile(arch, false, http), byHttp ?? file, `architecture ${arch}, with a web server`);
    assert.equal(bootFile(arch, true), 'razor.ipxe', `iPXE of architecture ${arch}`);
  }
});

test('a proxy names the loader of each architecture too; a client of UEFI HTTP boot asks none', () => {
  const services = proxyNetbootLines(SERVER).filter((line) => line.startsWith('pxe-service='));
  assert.deepEqual(
    services.map((line) => line.split(',').filter((_word, index) => index === 1 || index === 3)),
    [
      ['X86PC', 'undionly.kpxe'],
      ['X86-64_EFI', 'ipxe.efi'],
      ['BC_EFI', 'ipxe.efi'],
      ['ARM64_EFI', 'ipxe-arm64.efi'],
      ['IA32_EFI', 'grubia32.efi'],
    ],
  );
});

// beside a router that names itself as next-server, iPXE said "Nothing to boot"
test('every boot line names the TFTP server, beside another DHCP server too, where iPXE is not told to go on without it', () => {
  for (const lines of [netbootLines(SERVER), proxyNetbootLines(SERVER)]) {
    const boots = lines.filter((line) => /^(dhcp-boot|pxe-service)=/.test(line));
    assert.ok(boots.length > 0 && boots.every((line) => line.endsWith(',192.168.77.2')), boots.join('\n'));
  }
  assert.ok(!proxyNetbootLines(SERVER).some((line) => line.includes('175,176')));
  assert.ok(proxyNetbootLines(SERVER).includes('dhcp-range=192.168.77.0,proxy'));
  assert.match(proxyNetbootLines(SERVER)[0] ?? '', /^# .*razor\.ip=192\.168\.77\.\d+/);
});

test('where nobody said the address, the file says where to write it', () => {
  assert.match(dnsmasqConf({ ...SERVER, address: UNKNOWN_ADDRESS }), /# Write the address of this machine in place of/);
  assert.doesNotMatch(dnsmasqConf(SERVER), /Write the address/);
});

test('dnsmasq takes the lines of each kind', { skip: noDnsmasq }, (t) => {
  const path = join(temporaryDirectory(t), 'dnsmasq.conf');
  const own = [...netbootLines(SERVER), 'dhcp-range=192.168.77.100,192.168.77.150,1h', ''].join('\n');
  const signed = netbootLines({ ...SERVER, secureBoot: true, httpPort: 8026 }).join('\n');
  for (const text of [own, `${signed}\n`, dnsmasqConf(SERVER)]) {
    writeFileSync(path, text);
    const { status, stderr } = spawnSync('dnsmasq', ['--test', `--conf-file=${path}`], { encoding: 'utf8' });
    assert.deepEqual([status, stderr.trim()], [0, 'dnsmasq: syntax check OK.']);
  }
});

test('for Secure Boot UEFI gets shim, by TFTP and by HTTP; BIOS, IA-32 and iPXE what they got before', () => {
  const server = { ...SERVER, secureBoot: true, httpPort: 8026 };
  for (const [arch, file] of [
    [0, 'undionly.kpxe'],
    [6, 'grubia32.efi'],
    [7, 'shimx64.efi'],
    [9, 'shimx64.efi'],
    [11, 'shimaa64.efi'],
    [16, 'http://192.168.77.2:8026/boot/shimx64.efi'],
    [19, 'http://192.168.77.2:8026/boot/shimaa64.efi'],
  ] as const) {
    assert.equal(bootFile(arch, false, server), file, `architecture ${arch}`);
  }
  assert.equal(bootFile(7, true, server), 'razor.ipxe');
  assert.ok(netbootLines(server).includes('dhcp-option-force=tag:efihttp,60,HTTPClient'));
  const proxy = proxyNetbootLines(server).filter((line) => line.startsWith('pxe-service='));
  assert.deepEqual(
    proxy.map((line) => line.split(',').at(-2)),
    ['undionly.kpxe', 'shimx64.efi', 'shimx64.efi', 'shimaa64.efi', 'grubia32.efi'],
  );
});
