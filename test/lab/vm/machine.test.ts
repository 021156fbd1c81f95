import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plain, qemuArgv, textOfScreen, wireNetdev, type MachineOptions } from '../../../lab/vm/machine.ts';

const MAC = '52:54:00:00:00:01';

/** What follows a word of the command line, each time. */
function after(word: string, options: Partial<MachineOptions>): string[] {
  const argv = qemuArgv({ name: 'n', dir: '/d', nics: [], ...options });
  return argv.filter((_, at) => argv[at - 1] === word);
}

test('board, processor and flash are those of the firmware', () => {
  const flash = (vars: boolean, code = 'OVMF/OVMF_CODE_4M.fd'): string[] =>
    vars ? [`if=pflash,format=raw,readonly=on,file=/usr/share/${code}`, 'if=pflash,format=raw,file=/d/n.vars'] : [];
  for (const [options, board, drives] of [
    [{}, 'pc,graphics=off', flash(false)],
    [{ firmware: 'bios', board: 'q35' }, 'q35,graphics=off', flash(false)],
    [{ firmware: 'bios', secureBoot: true }, 'pc,graphics=off', flash(false)],
    [{ firmware: 'uefi' }, 'q35', flash(true)],
    [{ firmware: 'uefi', board: 'pc' }, 'pc', flash(true)],
    [{ firmware: 'uefi', secureBoot: true }, 'q35,smm=on', flash(true, 'OVMF/OVMF_CODE_4M.ms.fd')],
    [{ firmware: 'uefi32' }, 'q35,smm=on', flash(true, 'OVMF/OVMF32_CODE_4M.secboot.fd')],
    [{ firmware: 'uefi', arch: 'aarch64' }, 'virt', flash(true, 'AAVMF/AAVMF_CODE.fd')],
    [{ firmware: 'uefi', arch: 'aarch64', secureBoot: true }, 'virt', flash(true, 'AAVMF/AAVMF_CODE.ms.fd')],
  ] as const) {
    assert.deepEqual(after('-M', options), [board], JSON.stringify(options));
    assert.deepEqual(after('-drive', options), drives, JSON.stringify(options));
  }
  assert.deepEqual(after('-cpu', { arch: 'aarch64' }), ['cortex-a57']);
  assert.deepEqual([after('-cpu', {}), after('-m', {}), after('-m', { memoryMiB: 96 })], [[], ['512'], ['96']]);
  assert.equal(qemuArgv({ name: 'n', dir: '/d', arch: 'aarch64', nics: [] })[0], 'qemu-system-aarch64');
  const screen = (arch: 'x86_64' | 'aarch64'): boolean => after('-device', { arch }).includes('VGA');
  assert.deepEqual([screen('x86_64'), screen('aarch64')], [true, false]);
});

test('every card has the device and the network that it was given, in their order', () => {
  const nics = [
    { mac: MAC },
    { mac: MAC, tap: 'tap0', model: 'e1000', bootindex: 1 },
    { mac: MAC, user: { tftp: '/srv' }, romfile: '' },
    { mac: MAC, user: { tftp: undefined } },
    { mac: MAC, wire: { from: 1, to: 2 }, tap: 'unused' },
  ];
  assert.deepEqual(after('-device', { nics }), [
    'VGA',
    `virtio-net-pci,mac=${MAC}`,
    `e1000,netdev=n1,mac=${MAC},bootindex=1`,
    `virtio-net-pci,netdev=n2,mac=${MAC},romfile=`,
    `virtio-net-pci,netdev=n3,mac=${MAC}`,
    `virtio-net-pci,netdev=n4,mac=${MAC}`,
  ]);
  const wire = 'local.type=inet,local.host=127.0.0.1,local.port=1,remote.type=inet,remote.host=127.0.0.1,remote.port=2';
  assert.deepEqual(after('-netdev', { nics }), [
    'tap,id=n1,ifname=tap0,script=no,downscript=no',
    'user,id=n2,tftp=/srv,bootfile=razor.ipxe',
    'user,id=n3',
    `dgram,id=n4,${wire}`,
  ]);
  assert.equal(wireNetdev('x', { from: 1, to: 2 }), `dgram,id=x,${wire}`);
  assert.deepEqual(after('-object', { nics }), []);
  assert.deepEqual(
    after('-object', { nics, pcap: true }).map((text) => /id=(dump\d),netdev=(n\d),.*file=(.*)/.exec(text)?.slice(1)),
    [1, 2, 3, 4].map((card) => [`dump${card}`, `n${card}`, `/d/n-nic${card}.pcap`]),
  );
  assert.deepEqual([after('-nic', { nics }), after('-nic', {})], [[], ['none']]);
  const last = qemuArgv({ name: 'n', dir: '/d', nics: [], noReboot: true, args: ['-smp', '2'] }).slice(-5);
  assert.deepEqual(last, ['-no-reboot', '-nic', 'none', '-smp', '2']);
});

test('a screen’s memory is read as lines of 80 characters, colours and what cannot be printed left out', () => {
  const memory = Buffer.alloc(3 * 160 + 1, 0x07);
  const put = (line: number, text: string): void =>
    [...Buffer.from(text.padEnd(80), 'latin1')].forEach(
      (code, column) => void (memory[line * 160 + column * 2] = code),
    );
  put(0, '  a\xdb\x7fb~');
  put(1, '');
  put(2, 'x'.repeat(80));
  assert.equal(textOfScreen(memory), `  a  b~\n${'x'.repeat(80)}`);
  assert.equal(textOfScreen(Buffer.alloc(4000)), '');
});

test('console text has neither escape sequences nor carriage returns', () => {
  assert.equal(plain('\x1b[2J\x1b[01;32mok\x1b[0m\r\n\x1b(B\x1b[?25lnext\0'), 'ok\nnext');
  assert.equal(plain('[1m kept'), '[1m kept');
});
