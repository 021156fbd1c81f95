import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, test } from 'node:test';
import { TEMPLATES } from '../../../../lab/installers/templates.ts';
import { openImageTree } from '../../../../lab/images/recognise/image-tree.ts';
import {
  describeImage,
  PROPOSED_TEMPLATES,
  propose,
  proposedName,
  unfitness,
} from '../../../../lab/images/recognise/proposal.ts';
import { recogniseImage } from '../../../../lab/images/recognise/recognise.ts';
import { KNOWN_TREES } from '../../../helpers/installer-trees.ts';
import { makeTree } from '../../../helpers/tree.ts';

describe('a medium is known by what it says of itself', () => {
  for (const [name, { files, is, kind, type = 'os', unfit }] of Object.entries(KNOWN_TREES)) {
    it(`${name}: ${is}`, async (t) => {
      const root = makeTree(t, files);
      const found = await recogniseImage(openImageTree(root));
      assert.ok(found);
      assert.deepEqual([describeImage(found), found.kind, found.type], [is, kind, type]);
      const reason = unfitness(found);
      if (unfit === undefined) {
        assert.equal(reason, undefined);
        // the installer's files are named as they are written in the tree
        for (const path of [found.kernel, found.initrd]) if (path !== undefined) assert.ok(path in files, path);
        if (type === 'os' && kind !== 'windows') assert.ok(found.kernel !== undefined && found.initrd !== undefined);
      } else assert.match(`${reason?.why ?? ''} ${reason?.remedy ?? ''}`, unfit);
    });
  }
});

test('media of SUSE 16 are live systems that their volume’s name tells from others', async (t) => {
  const boot = { 'boot/x86_64/loader/linux': 'k', 'boot/x86_64/loader/initrd': 'i', 'LiveOS/squashfs.img': 's' };
  const root = makeTree(t, boot);
  for (const [volume, is, kind] of [
    ['agama', 'SUSE, by Agama amd64', 'agama'],
    ['Install-Leap-16.0', 'openSUSE Leap 16.0 amd64', 'agama'],
    ['SLES-16.0-Full', 'SUSE Linux Enterprise Server 16.0 amd64', 'agama'],
    ['openSUSE_Leap_15.6_KDE_Live', 'SUSE 15.6, live', undefined],
    ['', 'SUSE, live', undefined],
  ] as const) {
    const found = await recogniseImage(openImageTree(root, volume));
    assert.ok(found);
    assert.deepEqual(
      [describeImage(found), found.kind, unfitness(found) === undefined],
      [is, kind, kind !== undefined],
    );
  }
});

test('an ISO of Proxmox VE that asks nobody is told apart from one that is prepared', async (t) => {
  const files = KNOWN_TREES['proxmox']?.files ?? {};
  const plain = await recogniseImage(openImageTree(makeTree(t, files)));
  assert.match(
    plain?.notes.join() ?? '',
    /prepare-iso FILE --fetch-from http --url http:\/\/LAB:8026\/installer\/proxmox/,
  );
  const prepared = await recogniseImage(
    openImageTree(makeTree(t, { ...files, 'auto-installer-mode.toml': 'mode = "http"\n' })),
  );
  assert.deepEqual(prepared?.notes, []);
});

test('nothing is read through a link that leads out, and nothing of a tree that no reader knows', async (t) => {
  const outside = makeTree(t, KNOWN_TREES['proxmox']?.files ?? {});
  const root = makeTree(t, { 'a/b': 'c' });
  symlinkSync(join(outside, '.cd-info'), join(root, '.cd-info'));
  symlinkSync(outside, join(root, 'boot'));
  const tree = openImageTree(root);
  assert.equal(await tree.text('.cd-info'), undefined);
  assert.equal(await tree.find('boot/boot/linux26'), undefined);
  assert.equal(await recogniseImage(tree), undefined);
});

test('a microkernel is left to its metadata', async (t) => {
  const files = { ...KNOWN_TREES['proxmox']?.files, 'iso-metadata.yaml': 'iso_version: 1.0.0\n' };
  assert.equal(await recogniseImage(openImageTree(makeTree(t, files))), undefined);
});

test('a proposal is one sentence and one command; a name has letters that every file takes', async (t) => {
  const found = await recogniseImage(openImageTree(makeTree(t, KNOWN_TREES['xenserver 6.1']?.files ?? {})));
  assert.ok(found);
  assert.equal(proposedName(found), 'xenserver-6.1.0');
  const { says, next } = propose(found, { name: 'xenserver-6.1.0', id: 'xenserver-6.1.0' });
  assert.equal(says, 'this is XenServer 6.1.0 amd64: use template xenserver_tampa');
  assert.equal(
    next,
    'razor-mk lab model add --label xenserver-6.1.0 --template xenserver_tampa --image xenserver-6.1.0 --set root_password=…',
  );
  assert.equal(proposedName({ ...found, system: 'Ünï „X“', version: '' }), 'n-x');
  const old = { ...found, kind: undefined };
  assert.match(propose(old, { name: 'n', id: 'n' }).says, /: no template is for it$/);
});

test('every template that is proposed exists', () => {
  const names = TEMPLATES.map(({ name }) => name);
  const proposed = Object.values(PROPOSED_TEMPLATES).map(([name]) => name);
  assert.deepEqual(
    proposed.filter((name) => !names.includes(name)),
    [],
  );
});
