import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startLab } from '../../../lab/lab-server.ts';
import { loaderArch } from '../../../platform/netboot/kernel-arch.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const QUERY = 'hw_id=52:54:00:AA:00:01_&dhcp_mac=01-52-54-00-aa-00-01';

/** A directory with a kernel that begins as one of that processor, and an initrd. */
function microkernel(dir: string, arch: 'x86_64' | 'arm64'): string {
  const path = join(dir, arch);
  mkdirSync(path);
  const kernel = Buffer.alloc(200, arch);
  if (arch === 'arm64') kernel.write('ARM\x64', 0x38, 'latin1');
  writeFileSync(join(path, 'vmlinuz'), kernel);
  writeFileSync(join(path, 'core.gz'), `initrd of ${arch}`);
  return path;
}

test('a loader’s name for its processor: only arm64 is not a PC', () => {
  assert.deepEqual(['arm64', 'aarch64', 'x86_64', 'i386', '', undefined, 7].map(loaderArch), [
    'arm64',
    'arm64',
    'x86_64',
    'x86_64',
    undefined,
    undefined,
    undefined,
  ]);
});

for (const faithful of [false, true]) {
  test(`microkernels of two processors: ${faithful ? 'a faithful lab boots the newest' : 'each machine boots its own'}`, async (t) => {
    const dir = temporaryDirectory();
    const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0 }, faithful });
    t.after(() => lab.close());
    const add = async (arch: 'x86_64' | 'arm64', version: string): Promise<void> => {
      const body = JSON.stringify({ type: 'mk', path: microkernel(dir, arch), version });
      const headers = { 'content-type': 'application/json' };
      const reply = await fetch(`${lab.peopleUrl}/api/images`, { method: 'POST', headers, body });
      assert.equal(reply.status, 201, await reply.text());
    };
    const boot = async (more = '', path = '/razor/api/boot'): Promise<string> =>
      await (await fetch(`${lab.nodesUrl}${path}?${QUERY}${more}`)).text();
    const kernelOf = async (script: string): Promise<string> => {
      const url = /^(?:kernel (\S+)|linux "\(http,([^)]+)\)([^"]+)")/m.exec(script);
      const text = await (await fetch(url?.[1] ?? `http://${url?.[2]}${url?.[3]}`)).text();
      return text.startsWith('arm64') ? 'arm64' : 'x86_64';
    };
    await add('x86_64', '1.0.0');
    assert.equal(await kernelOf(await boot()), 'x86_64', 'with one, nothing is asked');
    await add('arm64', '2.0.0');
    if (faithful) {
      assert.equal(await kernelOf(await boot()), 'arm64');
      return;
    }
    // iPXE and GRUB are asked what they run on, by the address that they came with
    const chain = /^chain (\S+)\$\{buildarch\} \|\| goto error$/m.exec(await boot())?.[1];
    assert.equal(chain, `${lab.nodesUrl}/razor/api/boot?${QUERY}&arch=`);
    const grub = await boot('&loader=grub&mac=52:54:00:aa:00:01');
    assert.match(
      grub,
      /^source "\(http,[^)]+\)\/razor\/api\/boot\?\S+&loader=grub&mac=52:54:00:aa:00:01&arch=\$grub_cpu"\n/,
    );
    for (const [said, own] of [
      ['x86_64', 'x86_64'],
      ['i386', 'x86_64'],
      ['arm64', 'arm64'],
    ] as const) {
      assert.equal(await kernelOf(await boot(`&arch=${said}`)), own, said);
      assert.equal(await kernelOf(await boot(`&loader=grub&mac=52:54:00:aa:00:01&arch=${said}`)), own, said);
    }
    const hanlon = await fetch(
      `${lab.nodesUrl}/hanlon/api/v1/boot?uuid=&mac_id=525400AA0001&dhcp_mac=01-52-54-00-aa-00-01`,
    );
    assert.match(await hanlon.text(), /^chain \S+\/hanlon\/api\/v1\/boot\?\S+&arch=\$\{buildarch\} \|\| goto error$/m);
  });
}
