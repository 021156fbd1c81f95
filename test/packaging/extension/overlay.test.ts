import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { resolveAgentSettings } from '../../../agent/config/resolve.ts';
import { FLAVOURS, readOverlay, type Flavour } from '../../../packaging/extension/overlay.ts';
import { PROJECT } from '../../../packaging/project-paths.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const DIRECTORY = join(PROJECT, 'tinycore/overlay');

function textOf(flavour: Flavour, path: string): string | undefined {
  const entry = readOverlay({ flavour, version: '1.2.3' }).entries.find((each) => each.path === path);
  return entry === undefined ? undefined : Buffer.from(entry.content).toString('utf8');
}

test('every file of the overlay is named in its manifest, and goes into some flavour', () => {
  const named = new Set(
    FLAVOURS.flatMap((flavour) => readOverlay({ flavour, version: '1.2.3' }).entries.map((e) => e.path)),
  );
  for (const layer of ['all', ...FLAVOURS])
    for (const entry of readdirSync(join(DIRECTORY, layer), { recursive: true, withFileTypes: true }))
      if (entry.isFile()) {
        const path = join(entry.parentPath, entry.name).slice(join(DIRECTORY, layer).length + 1);
        assert.ok(named.has(path), `${layer}/${path} is not in the manifest`);
      }
});

test('the check and the inittab stand first and the sentinel last, so that half an initrd can speak', () => {
  for (const flavour of FLAVOURS) {
    const { entries, last } = readOverlay({ flavour, version: '1.2.3', needsMib: 419.2 });
    const files = entries.filter((entry) => entry.kind === 'file').map((entry) => entry.path);
    assert.deepEqual(files.slice(0, 3), ['etc/init.d/razor-mk-check', 'etc/inittab', 'etc/razor-mk/image']);
    assert.equal(last.path, 'etc/razor-mk/complete');
    const seen = new Set(['']);
    for (const { path, kind } of [...entries, last]) {
      assert.ok(seen.has(path.split('/').slice(0, -1).join('/')), `${path} comes before its directory`);
      if (kind === 'directory') seen.add(path);
    }
  }
});

test('version, flavour and the memory that is needed are the only things filled in', () => {
  const entry = readOverlay({ flavour: 'dev', version: '1.2.3', needsMib: 419.2 }).entries.find(
    (each) => each.path === 'etc/razor-mk/image',
  );
  assert.equal(
    Buffer.from(entry?.content ?? []).toString('utf8'),
    "# Read by the scripts of the overlay.\nRAZOR_MK_VERSION='1.2.3'\nRAZOR_MK_FLAVOUR='dev'\nRAZOR_MK_NEEDS_MIB='420'\n",
  );
  assert.throws(() => readOverlay({ flavour: 'dev', version: "1'; reboot #" }), /cannot be the version/);
});

test('prod has no login, no shell on a console and no ssh server', () => {
  const inittab = textOf('prod', 'etc/inittab') ?? '';
  assert.doesNotMatch(inittab.replaceAll(/^#.*$/gm, ''), /getty|login|shell|askfirst/);
  assert.equal(textOf('prod', 'etc/init.d/razor-mk-ssh'), undefined);
  assert.equal(textOf('prod', 'etc/init.d/razor-mk-shell'), undefined);
  assert.match(
    textOf('prod', 'opt/bootsync.sh') ?? '',
    /if \[ "\$RAZOR_MK_FLAVOUR" != prod \]; then\n +\/etc\/init.d\/razor-mk-ssh/,
  );
});

test('each flavour gets the log level of its purpose', () => {
  assert.match(textOf('prod', 'tmp/mk_conf.yaml') ?? '', /mk_log_level: "Logger::INFO"/);
  assert.match(textOf('debug', 'tmp/mk_conf.yaml') ?? '', /mk_log_level: "Logger::DEBUG"/);
  const file = parse(textOf('debug', 'etc/razor-mk/config.yaml') ?? '') as Record<string, unknown>;
  const { values, refused } = resolveAgentSettings({ file, pushed: { mk_log_level: 'Logger::ERROR' } });
  assert.deepEqual([values.logLevel, refused], ['debug', []], 'stands above what a server pushes');
  assert.equal(textOf('prod', 'etc/razor-mk/config.yaml'), undefined);
});

test('scripts are executable in the image and end in a newline', () => {
  for (const flavour of FLAVOURS)
    for (const entry of readOverlay({ flavour, version: '1.2.3' }).entries) {
      if (entry.kind === 'directory') continue;
      const text = Buffer.from(entry.content).toString('utf8');
      assert.equal(entry.mode === 0o755, text.startsWith('#!/bin/sh\n'), entry.path);
      assert.ok(text.endsWith('\n'), entry.path);
    }
});

test('the manifest on disk has no line that is not understood', () => {
  const lines = readFileSync(join(DIRECTORY, 'manifest'), 'utf8')
    .split('\n')
    .filter((line) => /^[^#]/.test(line));
  assert.ok(lines.length > 20);
});

test('a machine with less memory than the image needs is told so on its console, and no other is', () => {
  const dir = temporaryDirectory();
  const [meminfo, image, console] = ['meminfo', 'image', 'console'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  const said = (kib: number, needs: string): string => {
    writeFileSync(meminfo, `MemTotal:         ${kib} kB\nMemFree:          1 kB\n`);
    writeFileSync(image, `RAZOR_MK_FLAVOUR='prod'\n${needs}`);
    writeFileSync(console, '');
    const script = join(DIRECTORY, 'all/etc/init.d/razor-mk-memory');
    const { status, stderr } = spawnSync('sh', [script, meminfo, image, console]);
    assert.deepEqual([status, stderr.toString()], [0, '']);
    return readFileSync(console, 'utf8');
  };
  assert.match(said(137_215, "RAZOR_MK_NEEDS_MIB='135'\n"), /has 133 MiB of memory .* needs 135 MiB\.\n.*more memory/);
  assert.equal(said(138_240, "RAZOR_MK_NEEDS_MIB='135'\n"), '');
  assert.equal(said(1000, ''), '');
});
