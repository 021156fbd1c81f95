import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildImage } from '../../../tinycore/image/build.ts';
import { readInitrd } from '../../../tinycore/image/initrd/initrd.ts';
import { inspectImage } from '../../../tinycore/image/inspect.ts';
import { smallBuild } from '../../helpers/small-build.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

test('whether the kernel line may let somebody in is told when an image is built and when it is looked at', async (t) => {
  const directory = temporaryDirectory(t);
  const options = smallBuild(directory);
  const look = async (bootLogin: boolean): Promise<{ bootLogin?: boolean; warnings: string; ssh: boolean }> => {
    const out = join(directory, String(bootLogin));
    const { warnings } = await buildImage(options({ out, bootLogin }));
    const { initrd, problems } = await inspectImage(join(out, 'core.gz'));
    assert.deepEqual(problems, []);
    const { tree } = await readInitrd(readFileSync(join(out, 'core.gz')));
    return {
      bootLogin: initrd?.image?.bootLogin,
      warnings: warnings.join('\n'),
      ssh: tree.has('etc/init.d/razor-mk-ssh'),
    };
  };
  assert.deepEqual(await look(false), { bootLogin: false, warnings: '', ssh: false });
  const open = await look(true);
  assert.deepEqual([open.bootLogin, open.ssh], [true, true]);
  assert.match(open.warnings, /whoever writes the kernel line of a machine can log in to it as root/);
  assert.match(open.warnings, /no ssh server is in the image/);
});
