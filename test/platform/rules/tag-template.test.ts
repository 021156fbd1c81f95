import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  factText,
  fixedText,
  ruleText,
  tagFrom,
  templateTests,
  templateWith,
} from '../../../platform/rules/tag-template.ts';

const FACTS = { nics: '2', maker: 'Intel Corporation', size: '32 GB', list: ['a'], __proto__: { inherited: 'x' } };

test('values as rules see them', () => {
  assert.deepEqual([null, undefined, 'a', 5, ['a'], true].map(ruleText), ['', '', 'a', '5', '["a"]', 'true']);
  assert.equal(ruleText('x'.repeat(70_000)).length, 65_536);
  assert.deepEqual(
    ['nics', 'list', 'none', 'inherited', 'toString'].map((key) => factText(FACTS, key)),
    [...['2', '["a"]', '', '', '']],
  );
});

test('tags of templates', () => {
  const rows: Readonly<Record<string, string>> = {
    virtual: 'virtual',
    'nics_%V=nics-%': 'nics_2',
    '%V=maker-%': 'IntelCorporation',
    '%R=(\\d+) GB:size-%GB_%V=nics-%': '32GB_2',
    '%R=\\d+:size-%': '32',
    '%R=(x):size-%': '',
    '%R=((:size-%': '',
    'a%V=none-%b%V=toString-%c': 'abc',
    'a b/c%d=e-f\\g+h': 'abc%d=e-f\\g+h',
    '%V=list-%': 'a',
  };
  for (const [template, tag] of Object.entries(rows)) assert.equal(tagFrom(template, FACTS), tag, template);
  assert.equal(tagFrom('x'.repeat(300), {}), 'x'.repeat(200));
});

test('the text that is the same for all machines, and a text in the place of what is put in', () => {
  assert.equal(fixedText('nics_%V=nics-%_%R=(a):b-%x y'), 'nics__xy');
  assert.equal(templateWith('nics_%V=nics-%_%R=(a):b-%', '5'), 'nics_5_5');
  assert.equal(fixedText('%V=maker-%'), '');
});

test('what facts would have to hold for a tag', () => {
  const [one, other] = templateTests('%V=nics-%_%R=(\\d+) GB:size-%', '2_64', FACTS) ?? [];
  assert.deepEqual(
    [one?.fact, one?.found, one?.wants, one?.holds, one?.examples, one?.accepts('2'), one?.accepts('3')],
    ['nics', '2', 'reads "2"', true, ['2'], true, false],
  );
  assert.deepEqual(
    [other?.fact, other?.found, other?.wants, other?.holds, other?.examples, other?.accepts('64 GB')],
    ['size', '32 GB', 'has "64" where "(\\d+) GB" looks', false, [], true],
  );
  assert.deepEqual(templateTests('%R=\\d+:size-%', '64', FACTS)?.[0]?.examples, ['64']);
  assert.equal(templateTests('nics_%V=nics-%', 'nic_2', FACTS), undefined);
  assert.equal(templateTests('nics_%V=nics-%', 'xnics_2', FACTS), undefined);
  assert.equal(templateTests('%V=nics-%_nics', '2_nicsx', FACTS), undefined);
  assert.deepEqual(templateTests('c++\\', 'c++\\', FACTS), []);
  assert.equal(templateTests('c++', 'ccc', FACTS), undefined);
  assert.deepEqual(templateTests('%V=toString-%', 'x', FACTS)?.[0]?.found, undefined);
});
