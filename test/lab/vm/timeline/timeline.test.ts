import assert from 'node:assert/strict';
import { test } from 'node:test';
import { qemuArgv } from '../../../../lab/vm/machine.ts';
import { reportPage } from '../../../../lab/vm/timeline/report.ts';
import { dnsmasqArgv } from '../../../../lab/vm/segment.ts';
import {
  createConsoleReader,
  createDnsmasqReader,
  createTimeline,
  momentLine,
} from '../../../../lab/vm/timeline/timeline.ts';

function timelineAt(times: number[]) {
  let last = 0;
  return createTimeline(() => (last = times.shift() ?? last));
}

test('a console that grows gives each marker once, and again when it comes again', () => {
  const timeline = timelineAt([0]);
  const read = createConsoleReader(timeline, 'n1');
  read('SeaBIOS (version 1.16)\n');
  read('SeaBIOS (version 1.16)\nLinux version 6.1.0 (x)\n');
  read('SeaBIOS (version 1.16)\nLinux version 6.1.0 (x)\nreboot: Restarting system\nSeaBIOS (version 1.16)\n');
  assert.deepEqual(
    timeline.moments.map((m) => m.phase),
    ['firmware', 'kernel', 'firmware', 'reboot'],
  );
});

test('leases and TFTP transfers of dnsmasq belong to the machine with that MAC', () => {
  const timeline = timelineAt([0]);
  const read = createDnsmasqReader(timeline, (mac) => (mac === '52:54:00:00:00:01' ? 'n1' : undefined));
  read('dnsmasq-dhcp[10]: 313 DHCPACK(br0) 10.77.0.100 52:54:00:00:00:01 ');
  read('dnsmasq-dhcp[10]: 314 DHCPACK(br0) 10.77.0.101 52:54:00:00:00:99 ');
  read('dnsmasq-tftp[10]: sent /x/tftp/razor.ipxe to 10.77.0.100');
  read('dnsmasq-tftp[10]: sent /x/tftp/razor.ipxe to 10.77.0.101');
  assert.deepEqual(
    timeline.moments.map((m) => m.text),
    ['lease 10.77.0.100 for 52:54:00:00:00:01', 'razor.ipxe sent'],
  );
});

test('a lease says who asked: the firmware, iPXE, or the microkernel, whose lease is a step of its own', () => {
  const timeline = timelineAt([0]);
  const read = createDnsmasqReader(timeline, () => 'n1');
  const ack = (exchange: number): void => read(`dnsmasq-dhcp: ${exchange} DHCPACK(br0) 10.77.0.100 52:54:00:00:00:01`);
  read('dnsmasq-dhcp: 1 vendor class: PXEClient:Arch:00007:UNDI:003016');
  ack(1);
  for (const words of ['vendor class: PXEClient:Arch:00007:UNDI:003010', 'user class: iPXE'])
    read(`dnsmasq-dhcp: 2 ${words}`);
  ack(2);
  read('dnsmasq-dhcp: 3 vendor class: udhcp 1.35.0');
  ack(3);
  ack(4);
  const lease = 'lease 10.77.0.100 for 52:54:00:00:00:01';
  assert.deepEqual(
    timeline.moments.map((m) => `${m.phase} ${m.text}`),
    [
      `DHCP ${lease}, asked by the firmware’s PXE client`,
      `DHCP ${lease}, asked by iPXE`,
      `lease ${lease}, asked by udhcp 1.35.0`,
      `DHCP ${lease}`,
    ],
  );
});

test('what the released image shows twice is one moment of each boot', () => {
  const timeline = timelineAt([0]);
  const read = createConsoleReader(timeline, 'n1');
  const found = 'server http://10.77.0.1:8026, found by next-server file';
  const boot = `Linux version 6.1\nrazor-mk: ${found}\nMK Loaded: v1\n${found}; others: http://10.0.0.9:8026\nMK Loaded: v1\n`;
  read(boot);
  read(boot + boot);
  read(`${boot + boot}server http://10.77.0.9:8026, found by DNS name razor\n`);
  const once = ['Linux 6.1 starts', 'MK Loaded: v1', found];
  assert.deepEqual(
    timeline.moments.map((m) => m.text),
    [...once, ...once, 'server http://10.77.0.9:8026, found by DNS name razor'],
  );
});

test('times count from the power-on of each machine', () => {
  const timeline = timelineAt([1000, 1000, 3500, 3500]);
  timeline.add('n1', 'power', 'on');
  timeline.add('n1', 'kernel', 'Linux');
  assert.match(momentLine(timeline.moments[1]!), /^ {4}2\.5 s {2}n1 +kernel +Linux$/);
});

test('the report is one page without outside references, and a hostile console stays text', () => {
  const page = reportPage({
    title: 'a',
    moments: [{ at: 1, machine: '<b>', phase: 'kernel', text: '<script>alert(1)</script>' }],
    consoles: { n1: '</pre><script>alert(2)</script>' },
    screens: { '"><b>': Buffer.from('png') },
    logs: { '<b>asked': 'GET /?<img src=x>', nothing: '' },
  });
  const picture = '<img alt="Screen of &quot;&gt;&lt;b&gt;" src="data:image/png;base64,cG5n">';
  assert.ok(page.includes(picture));
  assert.doesNotMatch(page.replace(picture, ''), /<(script|img|b)\b|<[^>]*(src|href)=|nothing/);
});

test('a UEFI machine has its own firmware variables, and a NIC without a tap is not connected', () => {
  const argv = qemuArgv({ name: 'u', dir: '/d', firmware: 'uefi', nics: [{ mac: '52:54:00:00:00:01' }] }).join(' ');
  assert.match(argv, /file=\/d\/u\.vars/);
  assert.doesNotMatch(argv, /netdev/);
});

test('a site without a next-server gives none, and one with TFTP tells iPXE, UEFI and BIOS apart', () => {
  const place = { bridge: 'br0', net: '10.77.0', address: '10.77.0.1', prefix6: 'fd77::' };
  assert.ok(!dnsmasqArgv(place, { nextServer: null }).some((word) => word.startsWith('--dhcp-boot')));
  const boots = dnsmasqArgv(place, { tftpRoot: '/t' }).filter((word) => word.startsWith('--dhcp-boot'));
  assert.deepEqual(
    boots.map((word) => word.split(',').at(-3)?.split('=').at(-1)),
    ['ipxe.efi', 'ipxe-arm64.efi', 'grubia32.efi', 'undionly.kpxe', 'razor.ipxe'],
  );
});
