import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearTags, rulesThatGive, tagFault } from '../../../platform/rules/known-tags.ts';
import { SYSTEM_RULES, type AnyTagRule } from '../../../platform/rules/tags.ts';

const given = (tag: string, ...matchers: AnyTagRule['matchers']): AnyTagRule => ({ name: tag, tag, matchers });
const like = (key: string, value: string): AnyTagRule['matchers'][number] => ({
  key,
  compare: 'like',
  value,
  inverse: false,
});
const names = (rules: readonly AnyTagRule[]): string[] => rules.map(({ name }) => name);

test('a rule gives its own text, and what its facts may put in, as far as its conditions let them', () => {
  const big = given('big', like('memorysize_mb', '^\\d{6}'));
  assert.deepEqual(names(rulesThatGive('big', [...SYSTEM_RULES, big])), ['big']);
  assert.deepEqual(names(rulesThatGive('nics_2', SYSTEM_RULES)), ['nics']);
  assert.deepEqual(names(rulesThatGive('nics_x', SYSTEM_RULES)), [], 'no count is x');
  assert.deepEqual(names(rulesThatGive('kvm_vm', SYSTEM_RULES)), ['vm'], 'its condition is about another fact');
  assert.deepEqual(names(rulesThatGive('small', SYSTEM_RULES)), []);
});

test('of several rules the one with most text of its own comes first', () => {
  const rack = given('rack_%V=rack-%', like('rack', '.'));
  const whole = given('rack_7', like('site', 'north'));
  const short = given('r%V=rest-%', like('rest', '.'));
  assert.deepEqual(names(rulesThatGive('rack_7', [short, rack, whole])), ['rack_7', 'rack_%V=rack-%', 'r%V=rest-%']);
});

test('a rule without any condition gives nothing; one in the other language needs none', () => {
  assert.deepEqual(rulesThatGive('never', [given('never')]), []);
  const expression: AnyTagRule = { name: 'always', tag: 'always', matchers: [], rule: ['=', 1, 1] };
  assert.deepEqual(rulesThatGive('always', [expression]), [expression]);
});

test('the maker’s rule counts for names with a capital letter that are no slip of another tag', () => {
  assert.deepEqual(names(rulesThatGive('Supermicro', SYSTEM_RULES)), ['vendor']);
  assert.deepEqual(names(rulesThatGive('IntelCorporation', SYSTEM_RULES)), ['vendor']);
  assert.deepEqual(names(rulesThatGive('Dell', SYSTEM_RULES, ['DellInc'])), [], 'DellInc was meant');
  assert.deepEqual(names(rulesThatGive('supermicro', SYSTEM_RULES)), []);
  assert.deepEqual(names(rulesThatGive('Supermicro', SYSTEM_RULES, ['Supermicra'])), []);
  assert.deepEqual(names(rulesThatGive('Memsize_4GiB', SYSTEM_RULES)), [], 'memsize_4GiB was meant');
});

test('near tags are made of the tag’s own words by each rule, and found among those that machines have', () => {
  assert.deepEqual(nearTags('nic_2', SYSTEM_RULES, []), ['nics_2']);
  assert.deepEqual(nearTags('kvn_vm', SYSTEM_RULES, ['kvm_vm', 'rack_7']), ['kvm_vm']);
  assert.deepEqual(nearTags('zz', SYSTEM_RULES, ['rack_7']), []);
  assert.ok(!nearTags('nics_2', SYSTEM_RULES, []).includes('nics_2'), 'a tag is not near itself');
});

test('five near tags at most, each once', () => {
  const seen = ['rack_1', 'rack_2', 'rack_3', 'rack_4', 'rack_5', 'rack_6', 'nics_8'];
  assert.deepEqual(nearTags('rack_9', SYSTEM_RULES, seen), ['rack_1', 'rack_2', 'rack_3', 'rack_4', 'rack_5']);
  assert.deepEqual(nearTags('nic_8', SYSTEM_RULES, ['nics_8']), ['nics_8']);
});

test('a tag that a rule gives, that a machine has, or that needs no rule has no fault', () => {
  const knowledge = {
    rules: [given('big', like('cores', '.'))],
    seen: ['odd tag'],
    isFree: (tag: string) => tag === 'id',
  };
  for (const tag of ['big', 'cpus_4', 'odd tag', 'id']) assert.equal(tagFault(tag, knowledge), undefined, tag);
  assert.equal(tagFault('id', { rules: [], seen: [] }), 'no rule gives the tag id');
});

test('a fault says which character is dropped, or which tags are near', () => {
  const nobody = { rules: [], seen: [] };
  assert.equal(tagFault('a b.c', nobody), 'no tag can be "a b.c": " " is dropped from tags');
  for (const tag of ['a%', 'a=', 'a-', 'a\\', 'a+', 'a_0']) {
    assert.equal(tagFault(tag, { ...nobody, isFree: () => false }), `no rule gives the tag ${tag}`);
  }
  assert.equal(tagFault('nic_2', nobody), 'no rule gives the tag nic_2; did you mean nics_2?');
  assert.equal(
    tagFault('rack_9', { rules: [], seen: ['rack_1', 'rack_2'] }),
    'no rule gives the tag rack_9; did you mean rack_1, rack_2?',
  );
});
