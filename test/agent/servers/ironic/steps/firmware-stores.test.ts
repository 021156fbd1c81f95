import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bootEntries, erasePstoreIn, pathTests } from '../../../../../agent/servers/ironic/steps/firmware-stores.ts';
import type { System } from '../../../../../platform/system.ts';
import { temporaryDirectory } from '../../../../helpers/temporary-directory.ts';

test('boot entries as efibootmgr prints them', () => {
  const text = [
    'BootCurrent: 0003',
    'BootOrder: 0003,0001',
    'Boot0001* debian\tHD(1,GPT,aa)/File(\\EFI\\debian\\shimx64.efi)',
    'Boot0002  Two words PciRoot(0x0)/Pci(0x1,0x0)',
    'Boot00aF* no path',
    'XBoot0005* x\ty',
    'Boot005* x\ty',
  ].join('\n');
  assert.deepEqual(bootEntries(text), [
    { id: '0001', label: 'debian', path: 'HD(1,GPT,aa)/File(\\EFI\\debian\\shimx64.efi)' },
    { id: '0002', label: 'Two words', path: 'PciRoot(0x0)/Pci(0x1,0x0)' },
    { id: '00aF', label: 'no path', path: '' },
  ]);
});

test('entries of disks and of loaders go, unless patterns say otherwise', () => {
  const fits = (value: unknown, path: string): boolean => pathTests(value).some((one) => one(path));
  assert.deepEqual(
    ['HD(1,GPT,aa)', 'hd(1', 'x/HD(1', 'PciRoot(0)/SHIMX64.EFI', 'GrubX64.efi', 'PciRoot(0)/MAC(5254)'].map((path) =>
      fits(undefined, path),
    ),
    [true, true, false, true, true, false],
  );
  assert.equal(fits(null, 'HD('), true);
  assert.equal(fits(['^pci'], 'PciRoot'), true);
  assert.equal(fits([], 'HD('), false);
  for (const value of ['x', {}, [5]])
    assert.throws(() => pathTests(value), { code: 'RAZOR_MK_REPLY', message: 'match_patterns is not a list of texts' });
  assert.throws(() => pathTests(['(']), { code: 'RAZOR_MK_REPLY', message: /^match_patterns: \(: \S/ });
});

interface Pstore {
  readonly root: string;
  readonly place: string;
  readonly programs: string[];
  readonly system: System;
}

function pstore(mounted: boolean, { status = 0, live = true } = {}): Pstore {
  const root = temporaryDirectory();
  const place = join(root, 'sys/fs/pstore');
  mkdirSync(place, { recursive: true });
  mkdirSync(join(root, 'proc'));
  writeFileSync(join(root, 'proc/mounts'), mounted ? 'pstore /sys/fs/pstore pstore rw 0 0\n' : 'x / ext4 rw 0 0\n');
  const programs: string[] = [];
  const system = {
    live,
    run: async (_: string, argv: readonly string[]) => {
      programs.push(argv.join(' ').replace(root, ''));
      return { status, failure: undefined, stderr: Buffer.from('no such device\n') };
    },
    change: async (_: string, act: () => unknown) => (live ? act() : undefined),
  } as unknown as System;
  return { root, place, programs, system };
}

test('crash records are removed, and mounted before where they are not', async () => {
  const mounted = pstore(true);
  writeFileSync(join(mounted.place, 'dmesg-1'), 'x');
  mkdirSync(join(mounted.place, 'more'));
  assert.equal(await erasePstoreIn(mounted.system, mounted.root), '2 crash records were removed');
  assert.deepEqual([readdirSync(mounted.place), mounted.programs], [[], []]);
  const other = pstore(false);
  assert.equal(await erasePstoreIn(other.system, other.root), '0 crash records were removed');
  assert.deepEqual(other.programs, ['mount -t pstore pstore /sys/fs/pstore']);
  const fails = pstore(false, { status: 32 });
  await assert.rejects(erasePstoreIn(fails.system, fails.root), {
    code: 'RAZOR_MK_COMMAND',
    message: 'pstore cannot be mounted: no such device',
  });
  assert.equal(
    await erasePstoreIn(mounted.system, join(mounted.root, 'none')),
    'this kernel keeps no crash records (pstore)',
  );
});
