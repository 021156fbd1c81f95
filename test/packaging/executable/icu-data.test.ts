import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findIcuBlock, isLeftOut, trimIcuData } from '../../../packaging/executable/icu-data.ts';
import { ARCHES, PROJECT } from '../../../packaging/project-paths.ts';
import { run } from '../../../platform/process/run.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const NODE = join(PROJECT, 'node_modules', ARCHES[process.arch === 'arm64' ? 'arm64' : 'x64'].nodePackage, 'bin/node');

test('locales, dictionaries and tables of old character sets go; English, the root and data about time stay', () => {
  const gone = [
    'de.res',
    'curr/zh_Hant_TW.res',
    'lang/ca_ES_VALENCIA.res',
    'brkitr/thaidict.dict',
    'ibm-943_P15A-2003.cnv',
  ];
  const stay = [
    'root.res',
    'en.res',
    'en_US.res',
    'zone/en_001.res',
    'zoneinfo64.res',
    'nfkc.nrm',
    'brkitr/char.brk',
    'coll/root.res',
  ];
  assert.deepEqual(
    gone.filter((item) => !isLeftOut(item)),
    [],
  );
  assert.deepEqual(stay.filter(isLeftOut), []);
});

test('a file without ICU data, or with something that only looks like it, has no block', () => {
  assert.equal(findIcuBlock(Buffer.from('nothing of the kind')), undefined);
  assert.equal(findIcuBlock(Buffer.concat([Buffer.alloc(40), Buffer.from('CmnD'), Buffer.alloc(40)])), undefined);
});

test('Node with cut data keeps its length and says the same in English, in every time zone and for every user’s locale', async (t) => {
  if (!existsSync(NODE)) return t.skip('the package of Node is not installed');
  if ((await run(['icupkg', '--version'])).failure === 'not-found') return t.skip('icupkg is not installed');
  const directory = temporaryDirectory(t);
  const node = join(directory, 'node');
  copyFileSync(NODE, node);
  const stage = join(directory, 'stage');
  mkdirSync(stage);
  const trimmed = await trimIcuData(node, stage);
  assert.ok(trimmed !== undefined && trimmed.after < trimmed.before / 4, JSON.stringify(trimmed));
  assert.equal(statSync(node).size, statSync(NODE).size);
  const script = join(directory, 'say.cjs');
  writeFileSync(script, SAY);
  for (const locale of ['C', 'de_DE.UTF-8', 'ja_JP.UTF-8', 'ar_EG.UTF-8']) {
    const env = { LC_ALL: locale, LANG: locale, TZ: 'America/New_York' };
    const [whole, cut] = await Promise.all([NODE, node].map((each) => run([each, script], { env })));
    assert.equal(cut?.status, 0, `${locale}: ${cut?.stderr.toString()}`);
    assert.equal(cut?.stdout.toString(), whole?.stdout.toString(), locale);
  }
});

test('an executable without such data is left as it is', async (t) => {
  const directory = temporaryDirectory(t);
  const file = join(directory, 'program');
  writeFileSync(file, 'no data here');
  assert.equal(await trimIcuData(file, directory), undefined);
  assert.equal(readFileSync(file, 'utf8'), 'no data here');
});

/** What the agent and its libraries use of ICU: order, segments, classes and cases of letters, character sets, times, host names. */
const SAY = `
console.log(Intl.DateTimeFormat('en', { timeZone: 'Asia/Tokyo', timeStyle: 'full', dateStyle: 'full' }).format(0));
console.log(new Intl.DateTimeFormat('en', { timeZone: 'Europe/Berlin', timeZoneName: 'long' }).format(0));
console.log(new Intl.DateTimeFormat().resolvedOptions().timeZone, new Date(0).getHours(), String(new Date(0)).slice(0, 33));
console.log(['b', 'a', '10', '9', 'ä'].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })));
console.log((1234567.8).toLocaleString('en'), [...new Intl.Segmenter('en').segment('aé日b')].length);
console.log('é'.normalize('NFD').length, 'ß'.toUpperCase(), 'İ'.toLowerCase(), /\\p{L}\\p{Script=Han}/u.test('a日'));
for (const [name, bytes] of [['latin1', [0xe9]], ['utf-16le', [0xe9, 0]], ['utf-8', [0xc3, 0xa9]], ['utf-16be', [0, 0xe9]]])
  console.log(name, new TextDecoder(name).decode(Buffer.from(bytes)));
console.log(Buffer.from([0x93, 0xfa]).toString('latin1'), new URL('http://bücher.example/').host);
`;
