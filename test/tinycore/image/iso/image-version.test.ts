import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkVersion, imageVersion, threeParts } from '../../../../tinycore/image/iso/image-version.ts';
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import { run } from '../../../../platform/process/run.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

test('three numbers without leading zeros are safe, with or without a v', () => {
  for (const version of ['0.0.0', '1.2.3', 'v0.12.0', '999999.10.100000']) assert.equal(checkVersion(version), version);
});

test('a version that a Razor server could not compare is refused', () => {
  for (const version of [
    '',
    '1',
    '1.2',
    '1.2.3.4',
    '01.2.3',
    '1.02.3',
    '1.2.03',
    '1.2.3-rc1',
    'x1.2.3',
    'vv1.2.3',
    '1000000.0.0',
    '1.2.3\n',
  ])
    assert.throws(
      () => checkVersion(version),
      (error: unknown) =>
        error instanceof RazorMkError &&
        error.code === 'RAZOR_MK_IMAGE_VERSION' &&
        error.message.includes(JSON.stringify(version)),
      version,
    );
});

test('other versions are brought to three numbers', () => {
  for (const [text, parts] of [
    ['v0.12-3-gabc', '0.12.0'],
    ['2024.08.09', '2024.8.9'],
    ['v3', '3.0.0'],
    ['1.2.3.4', '1.2.3'],
    ['release-1.2', undefined],
    ['', undefined],
  ] as const)
    assert.equal(threeParts(text), parts, text);
});

async function repository(
  t: Parameters<typeof temporaryDirectory>[0],
  ...commands: readonly string[]
): Promise<string> {
  const directory = temporaryDirectory(t);
  const identity = ['-c', 'user.name=x', '-c', 'user.email=x@example.com'];
  for (const command of ['init -q', 'commit -q --allow-empty -m one', ...commands])
    await run(['git', '-C', directory, ...identity, ...command.split(' ')]);
  return directory;
}

test('a version that is given is taken, if it is safe', async () => {
  assert.deepEqual(await imageVersion('1.2.3', '/', '9.9.9'), { version: '1.2.3' });
  await assert.rejects(imageVersion('1.2', '/', '9.9.9'), /invalid version "1\.2"/);
});

test('outside a clone, or in one without a tag, it is package.json’s', async (t) => {
  assert.deepEqual(await imageVersion(undefined, temporaryDirectory(t), '2.3.4-dev'), {
    version: '2.3.4',
    from: '2.3.4-dev',
  });
  assert.deepEqual(await imageVersion(undefined, '/no/such', 'none'), { version: '0.0.0', from: 'none' });
});

test('in a clone it is the tag’s, with a note where there are commits behind it', async (t) => {
  const tagged = await repository(t, 'tag v1.2.0', 'tag other');
  assert.deepEqual(await imageVersion(undefined, tagged, '9.9.9'), { version: '1.2.0', from: 'v1.2.0' });
  const further = await repository(t, '-c tag.gpgsign=false tag -a v1.3.0 -m x', 'commit -q --allow-empty -m two');
  const { version, from, note } = await imageVersion(undefined, further, '9.9.9');
  assert.equal(version, '1.3.0');
  assert.match(from ?? '', /^v1\.3\.0-1-g[0-9a-f]+$/);
  assert.match(note ?? '', /^1 commits after 1\.3\.0: /);
});
