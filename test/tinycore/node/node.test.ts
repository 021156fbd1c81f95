import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { createLog } from '../../../platform/log/log.ts';
import { run } from '../../../platform/process/run.ts';
import { createSystem, type System } from '../../../platform/system.ts';
import { installExtensions } from '../../../tinycore/node/node-extensions.ts';
import { loadKernelModules } from '../../../tinycore/node/kernel-modules.ts';
import { moduleName } from '../../../tinycore/node/module-name.ts';
import { parseExtensionList, parseModuleList } from '../../../tinycore/node/lists.ts';
import { repairMirrorUri } from '../../../tinycore/node/uris.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

function tree(files: Record<string, string>): string {
  const root = temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, { mode: 0o755 });
  }
  return root;
}

/** A live system whose programs are recorded; `real` ones are run. */
function recording(real?: RegExp): {
  system: System;
  programs: string[][];
  lines: string[];
  log: ReturnType<typeof createLog>;
} {
  const lines: string[] = [];
  const programs: string[][] = [];
  const log = createLog({ level: 'debug', people: (line, level) => lines.push(`${level}: ${line}`) });
  const live = createSystem({ live: true, log });
  const nothing = Buffer.alloc(0);
  const system: System = {
    ...live,
    changes: live.changes,
    async run(_what, argv, options) {
      programs.push([...argv]);
      if (real?.test(argv[0]) === true) return await run(argv, options);
      return {
        argv,
        status: 0,
        signal: undefined,
        failure: undefined,
        stdout: nothing,
        stderr: nothing,
        durationMs: 0,
      };
    },
    reboot: () => assert.fail('no test reboots'),
    poweroff: () => assert.fail('no test powers off'),
  };
  return { system, programs, lines, log };
}
const given = (value: unknown) => () => Promise.resolve(Buffer.from(JSON.stringify(value)));

test('the original’s default URIs with an empty port mean the local mirror', () => {
  assert.equal(repairMirrorUri('http://localhost:/tinycorelinux', 2157), 'http://127.0.0.1:2157/tinycorelinux');
  assert.equal(
    repairMirrorUri('http://localhost:2157/tinycorelinux/tce-install-list', 2157, 40_001),
    'http://127.0.0.1:40001/tinycorelinux/tce-install-list',
  );
  for (const other of [
    'http://localhost:80/x',
    'http://localhost/x',
    'http://10.0.0.1:2157/x',
    'https://localhost:2157/x',
    '',
  ])
    assert.equal(repairMirrorUri(other, 2157), other);
});

test('lists are read in every form, and no name gets through that is not one', () => {
  const sum = 'A'.repeat(64);
  const list = parseExtensionList(
    Buffer.from(
      JSON.stringify([
        'bash.tcz',
        'nano',
        { name: 'lshw.tcz', sha256: sum },
        'bash.tcz',
        '-rf',
        '../x.tcz',
        'a b',
        'x;reboot',
        '$(x)',
        { name: 'y', sha256: 'short' },
        7,
        null,
      ]),
    ),
  );
  assert.deepEqual(list.entries, [
    { name: 'bash.tcz', sha256: undefined },
    { name: 'nano.tcz', sha256: undefined },
    { name: 'lshw.tcz', sha256: sum.toLowerCase() },
  ]);
  assert.equal(list.warnings.length, 8);
  assert.deepEqual(parseModuleList(Buffer.from('{"kmod_list":["fs/vmblock/vmblock.ko"]}')).entries, [
    'fs/vmblock/vmblock.ko',
  ]);
  const modules = parseModuleList(
    Buffer.from(JSON.stringify(['vmci', 'net/a/b.ko', '/etc/x.ko', '../x.ko', 'a/../b.ko', 'a b', '-f'])),
  );
  assert.deepEqual([modules.entries, modules.warnings.length], [['vmci', 'net/a/b.ko'], 5]);
  for (const bad of ['', '<html>', '{}', '"x"', '7']) {
    assert.throws(() => parseExtensionList(Buffer.from(bad)));
    assert.throws(() => parseModuleList(Buffer.from(bad)));
  }
});

test('a list that is not there is no error, nonsense in its place is said, and both change nothing', async () => {
  const root = tree({ 'opt/tcemirror': 'as it was\n' });
  const nonsense = given({ not: 'a list' });
  for (const fetchList of [() => Promise.reject(new Error('refused')), nonsense, given([])]) {
    const { system, programs, log, lines } = recording();
    assert.deepEqual(
      await installExtensions({
        system,
        log,
        root,
        listUri: 'http://m/l',
        mirrorUri: 'http://x',
        fetchList,
        openFile: () => Promise.reject(new Error('nothing is fetched')),
      }),
      [],
    );
    assert.equal((await loadKernelModules({ system, log, root, listUri: 'http://m/l', fetchList: fetchList })).size, 0);
    const told = lines.filter((line) => !line.startsWith('debug'));
    assert.deepEqual(programs, []);
    // what is there and is no list is somebody's mistake; what is not there is the normal case
    if (told.length > 0)
      assert.match(
        told.join('\n'),
        /^warn: list of extensions: http:\/\/m\/l: it is not a list[^]*\nwarn: list of kernel modules: http:\/\/m\/l: it is not a list/,
      );
    assert.equal(told.length > 0, fetchList === nonsense);
  }
  assert.equal(readFileSync(join(root, 'opt/tcemirror'), 'utf8'), 'as it was\n');
});

const KERNEL = 'lib/modules/6.1/kernel';
const MODULES = {
  [`${KERNEL}/drivers/net/e1000.ko`]: '',
  [`${KERNEL}/drivers/misc/vmci.ko.xz`]: '',
  [`${KERNEL}/drivers/a/twin.ko`]: '',
  [`${KERNEL}/drivers/b/twin.ko`]: '',
  [`${KERNEL}/drivers/net/snd-x.ko.gz`]: '',
  'proc/modules': 'e1000 1 0 - Live 0x0\nsnd_x 1 0 - Live 0x0\ne1000e 1 0 - Live 0x0\n',
};

test('modules are removed all at once, inserted one by one, and depmod comes last', async () => {
  const root = tree(MODULES);
  const { system, programs, lines, log } = recording();
  const list = ['drivers/net/e1000.ko', 'snd-x', 'twin', 'absent', 'b/twin.ko', 'vmci'];
  const changes = await loadKernelModules({ system, log, root, kernel: '6.1', listUri: 'x', fetchList: given(list) });
  const at = (path: string): string => join(root, KERNEL, path);
  assert.deepEqual(programs, [
    ['rmmod', 'e1000', 'snd_x'],
    ['insmod', at('drivers/net/e1000.ko')],
    ['insmod', at('drivers/net/snd-x.ko.gz')],
    ['insmod', at('drivers/b/twin.ko')],
    ['depmod', '-a'],
  ]);
  assert.deepEqual(
    [...changes],
    [
      ['e1000', '/'],
      ['snd_x', '/'],
      ['twin', '+'],
    ],
  );
  assert.match(
    lines.join('\n'),
    /warn: the kernel module twin is ambiguous[^]*warn: the kernel module absent is not below/,
  );
});

test('a loaded module without a file stays, an extension’s modules are found, and nobody is warned of VMware’s elsewhere', async () => {
  const root = tree({
    'usr/local/lib/modules/6.1/kernel/drivers/net/ice.ko': '',
    [`${KERNEL}/drivers/net/e1000.ko`]: '',
    'proc/modules': 'igb 1 0 - Live 0x0\ntwin 1 0 - Live 0x0\nice 1 0 - Live 0x0\n',
  });
  symlinkSync(join(root, 'usr/local/lib/modules/6.1/kernel'), join(root, `${KERNEL}.tclocal`));
  const { system, programs, lines, log } = recording();
  const list = ['igb', 'ice.ko', 'e1000', 'fs/vmblock/vmblock.ko'];
  await loadKernelModules({ system, log, root, kernel: '6.1', listUri: 'x', fetchList: given(list) });
  assert.deepEqual(programs, [
    ['rmmod', 'ice'],
    ['insmod', join(root, `${KERNEL}.tclocal/drivers/net/ice.ko`)],
    ['insmod', join(root, KERNEL, 'drivers/net/e1000.ko')],
    ['depmod', '-a'],
  ]);
  assert.match(lines.join('\n'), /the kernel module igb is not below/);
  assert.doesNotMatch(lines.join('\n'), /vmblock/);
});

test('VMware’s modules are for VMware only', async () => {
  const root = tree({ ...MODULES, 'sys/class/dmi/id/sys_vendor': 'VMware, Inc.\n' });
  const { system, programs, log } = recording();
  await loadKernelModules({ system, log, root, kernel: '6.1', listUri: 'x', fetchList: given(['vmci']) });
  assert.deepEqual(programs[0], ['insmod', join(root, KERNEL, 'drivers/misc/vmci.ko.xz')]);
  assert.deepEqual(['a/b-c.ko.xz', 'vmci', 'x.ko'].map(moduleName), ['b_c', 'vmci', 'x']);
});
