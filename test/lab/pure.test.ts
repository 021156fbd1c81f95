import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rankMicrokernels, versionWeight } from '../../lab/images/images.ts';
import type { Image } from '../../lab/store/records.ts';
import { matchTags } from '../../platform/rules/tags.ts';
import { parseMatcher } from '../../lab/cli/catalog/typed.ts';

const tags = (
  facts: Record<string, unknown>,
  rules: Parameters<typeof matchTags>[1] = [],
  faithful = false,
): string[] => matchTags(facts, rules, faithful).matches.map((match) => match.tag);

describe('tags', () => {
  it('come from the five rules of the system, in their order, stripped to plain characters', () => {
    const facts = {
      mk_hw_nic_count: '2',
      mk_hw_mem_size: '4GiB',
      mk_hw_bus_vendor: 'Intel Corporation',
      mk_hw_cpu_count: '2',
      is_virtual: 'true',
      virtual: 'kvm',
    };
    assert.deepEqual(tags(facts), ['cpus_2', 'IntelCorporation', 'memsize_4GiB', 'nics_2', 'kvm_vm']);
  });

  it('are not given for facts that are missing', () => {
    assert.deepEqual(tags({ is_virtual: 'false', virtual: 'physical' }), []);
  });

  const rule = (tag: string, ...words: string[]): Parameters<typeof matchTags>[1][number] => ({
    name: tag,
    tag,
    matchers: words.map(
      (word) => parseMatcher(word) as ReturnType<typeof parseMatcher> & { compare: 'equal' | 'like' },
    ),
  });

  it('follow user rules: equal, like and their inverse, all of them', () => {
    const facts = { productname: 'KVM', macaddress: '52:54:00:12:34:56', n: 4 };
    assert.deepEqual(tags(facts, [rule('a', 'productname=KVM'), rule('b', 'productname=kvm')]), ['a']);
    assert.deepEqual(tags(facts, [rule('a', 'productname~^K'), rule('b', 'productname!~^K')]), ['a']);
    assert.deepEqual(tags(facts, [rule('a', 'productname!=VMware'), rule('b', 'productname~K', 'n=5')]), ['a']);
    assert.deepEqual(tags(facts, [rule('a', 'n~^4$')]), ['a'], 'like looks at the text of a number');
    assert.deepEqual(tags(facts, [rule('none')]), [], 'a rule without matchers gives nothing');
  });

  it('see a missing fact as empty text under like, and as nothing under equal', () => {
    assert.deepEqual(tags({}, [rule('a', 'serial~.*'), rule('b', 'serial='), rule('c', 'serial!=x')]), ['a', 'c']);
  });

  it('insert values and matches into their names', () => {
    const facts = { macaddress: '52:54:00:12:34:56', hostname: 'rack7-node3' };
    assert.deepEqual(tags(facts, [rule('mac_%V=macaddress-%', 'macaddress~.')]), ['mac_525400123456']);
    assert.deepEqual(tags(facts, [rule('%R=^rack\\d+:hostname-%', 'hostname~rack')]), ['rack7']);
    assert.deepEqual(tags(facts, [rule('n%R=node(\\d):hostname-%', 'hostname~rack')]), ['n3']);
  });

  it('come in linear time whatever the pattern and the fact are', () => {
    tags({ evil: `${'a'.repeat(50_000)}!` }, [rule('x', 'evil~^(a+)+$')]);
  });

  it('say why they are given', () => {
    const [match] = matchTags({ productname: 'KVM' }, [rule('v', 'productname=KVM')]).matches;
    assert.equal(match?.because, 'productname ("KVM") equals "KVM"');
  });
});

describe('versions of microkernels', () => {
  it('weigh what the original weighs', () => {
    const weights = ['v0.9.3.0', '0.10.0', 'v0.12.0', '1.0.0', '9.9.9', '2.0', '2', '2024.11.21', '1.0.0-rc1'];
    assert.deepEqual(weights.map(versionWeight), [9003, 10000, 12000, 1000000, 9009009, 2000, 2, 2024011021, 1000000]);
    assert.equal(versionWeight('1.0.0+10'), versionWeight('1.0.0+1'));
    assert.ok((versionWeight('1.0.0+1') ?? 0) < (versionWeight('1.0.0+9') ?? 0));
    for (const bad of ['08', '1.09.0', '0rc1', 'dev', 'vv1', '']) assert.equal(versionWeight(bad), undefined, bad);
  });

  it('rank images, the first stored one among equals', () => {
    const image = (uuid: string, version: string, type: Image['type'] = 'mk'): Image =>
      ({ uuid, version, type }) as Image;
    const ranked = rankMicrokernels([
      image('a', '2'),
      image('b', 'v0.12.0'),
      image('c', '0.12.0'),
      image('d', '9.9.9', 'os'),
    ]);
    assert.deepEqual(
      ranked.map(({ uuid }) => uuid),
      ['b', 'c', 'a'],
    );
  });
});
