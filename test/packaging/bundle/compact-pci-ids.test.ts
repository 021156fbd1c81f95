import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compactPciIds } from '../../../facts/hardware/pci-ids.ts';
import { pciIdsAsset } from '../../../packaging/bundle/compact-pci-ids.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const LIST =
  '#\n#\tList of PCI IDs\n# Version: 2024.01.02\n#indented  \n\n8086  Intel Corporation\n\t100e  82540EM\n# later\n';

test('a list that was named is written compactly, with its version and the licence at its head', async (t) => {
  const stage = temporaryDirectory(t);
  const file = join(stage, 'my.ids');
  writeFileSync(file, LIST);
  const said: string[] = [];
  const asset = await pciIdsAsset(file, stage, (text) => void said.push(text));
  const written = readFileSync(join(stage, 'pci.ids'));
  assert.ok(written.equals(Buffer.from(compactPciIds(LIST))));
  assert.deepEqual(asset, {
    file: join(stage, 'pci.ids'),
    part: {
      kind: 'data',
      name: 'pci.ids',
      version: '2024.01.02',
      licence: 'BSD-3-Clause',
      text: 'List of PCI IDs\nVersion: 2024.01.02\nindented',
    },
  });
  assert.deepEqual(said, [`pci.ids      2024.01.02, ${written.length} bytes\n`]);
});

test('a list without a version is of an unknown one', async (t) => {
  const stage = temporaryDirectory(t);
  writeFileSync(join(stage, 'my.ids'), LIST.replace('Version', 'Edition'));
  assert.equal((await pciIdsAsset(join(stage, 'my.ids'), stage, () => undefined))?.part.version, 'unknown');
});

test('none is no list, and a named file that is not there is an error', async (t) => {
  const stage = temporaryDirectory(t);
  const never = (text: string): never => assert.fail(text);
  assert.equal(await pciIdsAsset('none', stage, never), undefined);
  await assert.rejects(
    pciIdsAsset(join(stage, 'missing'), stage, never),
    (error: unknown) =>
      error instanceof RazorMkError &&
      error.code === 'RAZOR_MK_FILE_UNREADABLE' &&
      error.message.endsWith('/missing does not exist'),
  );
});

test('where it cannot be written, the package fails', async (t) => {
  const stage = temporaryDirectory(t);
  writeFileSync(join(stage, 'my.ids'), LIST);
  await assert.rejects(
    pciIdsAsset(join(stage, 'my.ids'), join(stage, 'no/such'), () => undefined),
    (error: unknown) =>
      error instanceof RazorMkError && error.code === 'RAZOR_MK_PACKAGE' && error.message.startsWith('pci.ids: '),
  );
});
