import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { BUILD_OPTIONS } from '../../../tinycore/image/cli/image-options.ts';
import { OPTION_KINDS, readConfigFile } from '../../../tinycore/image/config-file.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

let directory = '';
before(() => {
  directory = temporaryDirectory();
});

function read(text: string, name = 'image.yaml'): Record<string, unknown> {
  writeFileSync(join(directory, name), text);
  return readConfigFile(join(directory, name));
}

test('every option of the command line can stand in image.yaml', () => {
  assert.deepEqual(Object.keys(OPTION_KINDS).sort(), [...Object.keys(BUILD_OPTIONS), 'out'].sort());
});

test('paths in image.yaml are meant from its own directory; names and addresses stay', () => {
  const config = read(
    'base: ../base\nextension: [bash, ./mine.tcz]\nmirror: http://m/tcz\nfile: [a:/b]\nuefi: false\n',
  );
  assert.deepEqual(config, {
    base: join(directory, '../base'),
    extension: ['bash', join(directory, 'mine.tcz')],
    mirror: 'http://m/tcz',
    file: [join(directory, 'a:/b')],
    uefi: false,
  });
});

test('unknown keys and values of the wrong kind are refused by name', () => {
  for (const [text, message] of [
    ['bogus: 1', /no option "bogus"/],
    ['version: 1.2', /version is not a text.*quotes/],
    ['uefi: perhaps', /uefi is not true or false/],
    ['timeout: soon', /timeout is not a number/],
    ['extension: [1]', /extension holds 1/],
    ['- a', /not a map/],
    ['a: [', /image\.yaml/],
  ] as const) {
    assert.throws(() => read(text), { code: 'RAZOR_MK_IMAGE_CONFIG', message }, text);
  }
  assert.throws(() => readConfigFile(join(directory, 'none')), { code: 'RAZOR_MK_FILE_UNREADABLE' });
  assert.deepEqual(read(''), {});
});

test('the original’s bundle.cfg is understood; keys of things that are gone are passed over', () => {
  const text = [
    '# values',
    'MK_BUNDLE_TYPE=debug',
    'MK_BUNDLE_BUILTIN_LIST="builtin-extensions.lst"',
    'MK_BUNDLE_MIRROR_LIST=mirror-extensions.lst',
    'MK_BUNDLE_TCL_MIRROR_URI=http://mirror/4.x/x86/tcz',
    'TCL_ISO_URL=http://mirror/Core-current.iso',
    'MK_BUNDLE_RE_USE_PREV_DL=yes',
    'MK_BUNDLE_RUBY_GEMS_URL=http://gone/',
  ].join('\n');
  assert.deepEqual(read(text, 'bundle.cfg'), {
    flavour: 'debug',
    'builtin-list': [join(directory, 'builtin-extensions.lst')],
    'mirror-list': [join(directory, 'mirror-extensions.lst')],
    mirror: 'http://mirror/4.x/x86/tcz',
    base: 'http://mirror/Core-current.iso',
  });
});

test('a password in clear text in bundle.cfg is refused, and so is a line that is no key', () => {
  assert.throws(() => read('MK_BUNDLE_TC_PASSWD=secret\n'), { code: 'RAZOR_MK_IMAGE_CONFIG', message: /hash/ });
  assert.throws(() => read('MK_BUNDLE_TYPE=dev\nrm -rf /\n'), { code: 'RAZOR_MK_IMAGE_CONFIG', message: /rm -rf/ });
});
