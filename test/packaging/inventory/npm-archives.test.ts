import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockedPackage, packageDirectory, pinnedArchives } from '../../../packaging/inventory/npm-archives.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const SUM = (text: string): string => `sha512-${createHash('sha512').update(text).digest('base64')}`;

test('a file belongs to the innermost package that it is in', () => {
  for (const [path, directory] of [
    ['node_modules/got/dist/source/index.js', 'got'],
    ['node_modules/@b/c/index.js', '@b/c'],
    ['node_modules/a/node_modules/b/x.js', 'a/node_modules/b'],
    ['node_modules/a/node_modules/@b/c/lib/x.js', 'a/node_modules/@b/c'],
    ['node_modules/@a/b/node_modules/@c/d/node_modules/e/x.js', '@a/b/node_modules/@c/d/node_modules/e'],
    ['agent/main.ts', undefined],
    ['x/node_modules/a/x.js', undefined],
    ['node_modules/a', undefined],
  ] as const)
    assert.equal(packageDirectory(path), directory, path);
});

test('the lockfile’s version and SHA-512 count; what it does not pin by one is refused', (t) => {
  const project = temporaryDirectory(t);
  const integrity = SUM('x');
  const packages = {
    'node_modules/got': { version: '16.1.0', integrity },
    'node_modules/a/node_modules/@b/c': { version: '1.0.0', integrity },
    'node_modules/alias': { name: 'real', version: '2.0.0', integrity },
    'node_modules/weak': { version: '1.0.0', integrity: 'sha1-x' },
    'node_modules/linked': { version: '1.0.0' },
    'node_modules/loose': { integrity },
  };
  writeFileSync(join(project, 'package-lock.json'), JSON.stringify({ packages }));
  for (const [directory, name, version] of [
    ['got', 'got', '16.1.0'],
    ['a/node_modules/@b/c', '@b/c', '1.0.0'],
    ['alias', 'real', '2.0.0'],
  ] as const)
    assert.deepEqual(lockedPackage(directory, project), { name, version, integrity });
  for (const directory of ['weak', 'linked', 'loose', 'nothing'])
    assert.throws(() => lockedPackage(directory, project), {
      code: 'RAZOR_MK_PACKAGE',
      message: `package-lock.json does not pin ${directory}`,
    });
});

test('an archive that is kept is used where its hash is the pinned one, and removed otherwise', async (t) => {
  const cache = temporaryDirectory(t);
  const options = { cache, env: {}, say: () => assert.fail('nothing is fetched') };
  const [a, b] = [
    { name: '@x/a', version: '1.0.0', integrity: SUM('a') },
    { name: 'b', version: '2.0.0', integrity: SUM('b') },
  ];
  const [pathA, pathB] = [join(cache, 'x-a-1.0.0.tgz'), join(cache, 'b-2.0.0.tgz')];
  writeFileSync(pathA, 'a');
  writeFileSync(pathB, 'b');
  assert.deepEqual(await pinnedArchives([b, a], options), [pathB, pathA]);
  writeFileSync(pathB, 'B');
  await assert.rejects(pinnedArchives([a, b], options), {
    code: 'RAZOR_MK_PACKAGE',
    message: "b@2.0.0 does not have the lockfile's integrity",
  });
  assert.deepEqual([existsSync(pathA), existsSync(pathB)], [true, false]);
});
