import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readKickstart } from './kickstart.ts';

const GOOD = [
  'text',
  'url --url="http://lab/os"',
  'lang en_US.UTF-8',
  'keyboard us',
  'rootpw --lock # nobody',
  "timezone 'Europe/Berlin' --utc",
  'bootloader --location=mbr',
  'autopart',
  'reboot',
  '%packages --ignoremissing',
  '@core',
  '-plymouth',
  '%end',
  '%post --log=/root/post.log',
  'echo 50%',
  '%end',
  '',
];

/** The good file with one line in place of the one that begins so. */
const changed = (begins: string, line: string): string =>
  GOOD.flatMap((each) => (each.startsWith(begins) ? (line === '' ? [] : line.split('\n')) : [each])).join('\n');

test('a whole kickstart file is taken, with the text of its scripts', () => {
  assert.deepEqual(readKickstart(GOOD.join('\n'), 'redhat'), { faults: [], scripts: ['echo 50%'] });
});

test('whatever Anaconda would stop at is found, with its line', () => {
  for (const [begins, line, fault] of [
    ['text', 'txt', /line 1: no command is called txt/],
    ['url', 'url', /one of --url= .* is missing/],
    ['url', 'url --url="http://lab/os', /line 2: a quotation mark is not closed/],
    ['url', 'url --url=', /no option --url=/],
    ['lang', 'lang', /lang: 0 words/],
    ['lang', 'lang a b', /lang: 2 words/],
    ['lang', '', /without lang the installer asks/],
    ['keyboard', 'keyboard us\nkeyboard de', /keyboard again/],
    ['rootpw', 'rootpw', /a password or --lock/],
    ['rootpw', 'rootpw --lock x', /a password or --lock/],
    ['timezone', 'timezone UTC --gmt', /no option --gmt/],
    ['%packages', '%package', /no section is called %package/],
    ['@core', 'a; b', /a; b is no package/],
    ['%post', '', /line 15: %end of nothing|no command is called echo/],
    ['echo', '%pre', /%pre within %post/],
  ] as const) {
    assert.match(readKickstart(changed(begins, line), 'redhat').faults.join('\n'), fault, line);
  }
  assert.match(readKickstart(`${GOOD.join('\n')}%post\n`, 'redhat').faults.join(), /%post has no %end/);
  assert.match(readKickstart('autopart\n', 'esxi').faults.join(), /no command is called autopart/);
});
