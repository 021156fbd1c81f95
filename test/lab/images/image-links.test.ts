import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { addImage } from '../../../lab/images/image-add.ts';
import { startLab, type Lab } from '../../../lab/lab-server.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const SECRET = 'file of the lab’s host';

async function place(t: TestContext): Promise<{ lab: Lab; tree: string; secret: string }> {
  const base = temporaryDirectory(t);
  const [tree, secret] = [join(base, 'tree'), join(base, 'secret')];
  mkdirSync(tree);
  writeFileSync(secret, `prefix=/\n${SECRET}\n`);
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 } });
  t.after(() => lab.close());
  return { lab, tree, secret };
}

test('boot.cfg of an ESXi image that is a link out of the image gives no node a file of the lab’s host', async (t) => {
  const { lab, tree, secret } = await place(t);
  symlinkSync(secret, join(tree, 'boot.cfg'));
  const image = await addImage(lab.core, tree, { type: 'esxi', path: tree, name: 'esxi', version: '5' });
  const active = await lab.store.write(() => {
    const metadata = { root_password: 'x' };
    const model = lab.store.models.add({ label: 'e', template: 'vmware_esxi_5', image: image.uuid, metadata });
    const node = lab.store.nodes.create({ dialect: 'razor-server', hwIds: ['525400000001'], at: 1, allowed: true });
    const binding = { policy: 'p', policyLabel: 'p', broker: undefined, state: 'init', bound: 1 };
    return lab.store.activeModels.bind({ ...binding, node: node.id, model });
  });
  const paths = [`${lab.nodesUrl}/razor/api/policy/callback/${active.uuid}/boot_cfg`];
  paths.push(`${lab.razorServerUrl ?? ''}/svc/file/${active.node}-${active.uuid}/boot_cfg`);
  for (const path of paths) {
    const reply = await fetch(path);
    assert.ok(reply.status === 400 || reply.status === 404, path);
    assert.ok(!(await reply.text()).includes(SECRET), path);
  }
});

test('kernel, initrd and metadata that are links out of the image are not hashed, added or verified', async (t) => {
  const { lab, tree, secret } = await place(t);
  writeFileSync(join(tree, 'core.gz'), 'initrd');
  symlinkSync(secret, join(tree, 'vmlinuz'));
  const request = { type: 'mk', path: tree } as const;
  await assert.rejects(addImage(lab.core, tree, request), { code: 'RAZOR_MK_IMAGE_METADATA', message: /nor a kernel/ });
  const named = { ...request, kernel: 'vmlinuz', initrd: 'core.gz' };
  await assert.rejects(addImage(lab.core, tree, named), { code: 'RAZOR_MK_FILE_UNREADABLE' });
  const image = { ...named, uuid: 'u', name: 'mk', version: '1.0.0', hash: 'sha256', buildTime: undefined, added: 1 };
  const unverified = { ...image, kernelHash: undefined, initrdHash: undefined };
  assert.match((await lab.core.verifyImage(unverified)) ?? '', /vmlinuz of .* cannot be read/);
  symlinkSync(secret, join(tree, 'iso-metadata.yaml'));
  await assert.rejects(addImage(lab.core, tree, request), { message: /neither iso-metadata\.yaml/ });
});

test('no code of the lab opens a path inside an image but through within()', () => {
  const lab = fileURLToPath(new URL('../../../lab/', import.meta.url));
  const sources = readdirSync(lab, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const direct =
    /\b(?:open|readFile|readCapped|createReadStream|stat|readdir|hashFile)\w*\(\s*join\((?:\w+\.path|root|directory)\b/;
  assert.ok(sources.length > 80);
  for (const name of sources) assert.doesNotMatch(readFileSync(join(lab, name), 'utf8'), direct, name);
});
