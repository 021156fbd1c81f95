import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { addImage } from '../../../lab/images/image-add.ts';
import { startLab, type Lab } from '../../../lab/lab-server.ts';
import type { RazorMkError } from '../../../platform/errors/errors.ts';
import { run } from '../../../platform/process/run.ts';
import { KNOWN_TREES } from '../../helpers/installer-trees.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';
import { addToTree, type TreeFiles } from '../../helpers/tree.ts';

describe('an image is added by its path alone', () => {
  let lab: Lab;
  const directory = temporaryDirectory();
  const images = join(directory, 'images');
  before(async () => {
    mkdirSync(images);
    lab = await startLab({ ports: { nodes: 0, images: 0, people: 0 } });
  });
  after(() => lab.close());

  const tree = (name: string, files: TreeFiles): string => {
    addToTree(join(directory, name), files);
    return join(directory, name);
  };
  const known = (name: string): string => tree(name.replaceAll(/\W/g, '-'), KNOWN_TREES[name]?.files ?? {});
  const iso = async (name: string, ...words: readonly string[]): Promise<string> => {
    const path = join(directory, `${name.replaceAll(/\W/g, '-')}.iso`);
    const result = await run(['xorriso', '-as', 'mkisofs', '-quiet', ...words, '-o', path, known(name)]);
    assert.equal(result.status, 0, result.stderr.toString());
    return path;
  };
  const post = async (body: unknown): Promise<Record<string, unknown>> => {
    const headers = { 'content-type': 'application/json' };
    const reply = await fetch(`${lab.peopleUrl}/api/images`, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await reply.json()) as Record<string, unknown>;
  };
  const refusal = async (path: string, more: Record<string, unknown> = {}): Promise<string> => {
    const thrown: unknown = await addImage(lab.core, images, { path, ...more }).catch((error: unknown) => error);
    assert.ok(thrown instanceof Error, `${path} was taken`);
    return `${thrown.message} (${(thrown as RazorMkError).remedy})`;
  };

  it('a real ISO: unpacked, known, named, with its kernel, initrd and the next command', async () => {
    const added = await post({
      path: await iso('debian dvd with the netboot initrd', '-R', '-V', 'Debian 12.5.0 amd64'),
    });
    assert.deepEqual(
      ['type', 'name', 'version', 'kernel', 'initrd'].map((key) => added[key]),
      ['os', 'debian-12.5.0', '12.5.0', 'install.amd/vmlinuz', 'install.amd/initrd.gz'],
      JSON.stringify(added),
    );
    assert.deepEqual(added['recognised'], {
      says: 'this is Debian 12.5.0 amd64, netinst: use template debian',
      template: 'debian',
      next: 'razor-mk lab model add --label debian-12.5.0 --template debian --image debian-12.5.0',
      notes: [],
    });
    const again = await post({ path: await iso('debian dvd with the netboot initrd', '-R') });
    assert.match(JSON.stringify(again['recognised']), new RegExp(`--image ${String(again['uuid'])}`), 'two of a name');
    const esxi = await post({ path: await iso('esxi 8, names in capitals', '-iso-level', '1') });
    assert.deepEqual([esxi['type'], esxi['name']], ['esxi', 'vmware-esxi-8.0.2'], JSON.stringify(esxi));
  });

  it('what was said wins over what it says, unless it is another kind of image', async () => {
    const path = known('rocky dvd');
    const added = await addImage(lab.core, images, { path, name: 'rocky', version: 'nine', kernel: 'k', type: 'os' });
    assert.deepEqual([added.name, added.version, added.kernel], ['rocky', 'nine', 'k']);
    assert.match(await refusal(path, { type: 'esxi' }), /an image of type os, not esxi \(Leave --type out\. --force/);
  });

  it('an ISO that is cut short, one that is none, and what cannot be installed from are refused with what to do', async () => {
    const cut = await iso('flatcar', '-R');
    truncateSync(cut, 100_000);
    assert.match(await refusal(cut), /is cut short: it has 100000 of \d{6} bytes \(Fetch it again/);
    const disk = join(directory, 'disk.qcow2');
    writeFileSync(disk, Buffer.concat([Buffer.from('QFI\u00fb', 'latin1'), Buffer.alloc(1000)]));
    assert.match(await refusal(disk, { type: 'os' }), /is a qcow2 disk image/);
    const left = readdirSync(images).length;
    assert.match(await refusal(await iso('debian netinst', '-R')), /Debian 12\.5\.0 amd64, netinst: its initrd/);
    assert.equal(readdirSync(images).length, left, 'what was unpacked is gone again');
    const forced = await addImage(lab.core, images, { path: known('debian netinst'), force: true });
    assert.equal(forced.recognised?.template, 'debian');
  });

  it('a tree that nobody knows needs its type, name and version; kernel and initrd of usual names are a microkernel', async () => {
    const path = tree('strange', { 'a/b': 'c' });
    assert.match(await refusal(path), /neither iso-metadata\.yaml nor a kernel .*--type os --name NAME/);
    assert.match(await refusal(path, { type: 'os' }), /does not know what .* needs a name and a version/);
    const mk = await addImage(lab.core, images, { path: tree('mk', { vmlinuz: 'k', 'core.gz': 'i' }) });
    assert.deepEqual([mk.type, mk.recognised], ['mk', undefined]);
  });
});
