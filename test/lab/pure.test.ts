import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { splitHwIds } from '../../lab/engine/node-lookup.ts';
import { rankMicrokernels, versionWeight } from '../../lab/images/images.ts';
import { parseMetadata } from '../../lab/images/image-metadata.ts';
import { MODEL_STATES, nextState, stateEntry } from '../../lab/engine/models.ts';
import { familyOf, TEMPLATES } from '../../lab/installers/templates.ts';
import { parseFaithfulRange, parseRange } from '../../lab/images/ranges.ts';
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

describe('models', () => {
  it('tell the microkernel and the boot loader what the table says, state by state', () => {
    const table: [string, string, string][] = MODEL_STATES.map((state) => {
      const { command, boot } = stateEntry(state, 'linux');
      return [state, command, boot];
    });
    assert.deepEqual(table, [
      ['init', 'reboot', 'installer'],
      ['preinstall', 'reboot', 'installer'],
      ['postinstall', 'reboot', 'local'],
      ['os_complete', 'reboot', 'local'],
      ['complete_no_broker', 'acknowledge', 'local'],
      ['broker_wait', 'acknowledge', 'mk'],
      ['broker_fail', 'reboot', 'local'],
      ['broker_success', 'reboot', 'local'],
      ['timeout_error', 'acknowledge', 'mk'],
      ['error_catch', 'acknowledge', 'mk'],
    ]);
    for (const family of ['esxi', 'xenserver'] as const) {
      for (const state of ['broker_fail', 'broker_success']) {
        assert.equal(stateEntry(state, family).command, 'acknowledge', `${family} ${state}`);
      }
      assert.equal(stateEntry('init', family).command, 'reboot');
    }
  });

  it('move as the original’s run was seen to', () => {
    const run = ['preseed_start', 'preseed_file', 'preseed_end', 'postinstall_final'];
    let state = 'init' as Parameters<typeof nextState>[0];
    const seen = run.map((action) => (state = nextState(state, action)));
    assert.deepEqual(seen, ['preinstall', 'init', 'postinstall', 'os_complete']);
  });

  it('stay where they are for actions that mean nothing there, and catch errors while installing', () => {
    assert.equal(nextState('complete_no_broker', 'preseed_start'), 'complete_no_broker');
    assert.equal(nextState('init', 'postinstall_final'), 'init');
    assert.equal(nextState('postinstall', 'preseed_start'), 'postinstall');
    assert.equal(nextState('preinstall', 'preseed_error'), 'error_catch');
    assert.equal(nextState('postinstall', 'postinstall_timeout'), 'timeout_error');
    assert.equal(nextState('broker_wait', 'broker_success'), 'broker_success');
    assert.equal(nextState('init', 'broker_success'), 'init');
  });

  it('of an image have the microkernel write it, until it is written', () => {
    for (const state of ['init', 'preinstall']) {
      assert.equal(stateEntry(state, 'image').command, 'write_image');
      assert.equal(stateEntry(state, 'image').boot, 'mk');
    }
    for (const state of MODEL_STATES.slice(2)) {
      const { command, boot } = stateEntry(state, 'image');
      assert.deepEqual(
        { command, boot },
        { command: stateEntry(state, 'linux').command, boot: stateEntry(state, 'linux').boot },
      );
    }
  });

  it('are of four families', () => {
    assert.deepEqual(
      new Set(TEMPLATES.map((template) => familyOf(template.name))),
      new Set(['linux', 'esxi', 'xenserver', 'image']),
    );
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

describe('image metadata', () => {
  const hash = 'a'.repeat(64);
  const good = {
    iso_version: 'v0.12.0',
    kernel: 'boot/vmlinuz',
    initrd: 'boot/core.gz',
    hash_description: { type: 'Digest::SHA2', bitlen: 256 },
    kernel_hash: hash,
    initrd_hash: hash,
  };
  it('are taken as the contract has them, in YAML of either syntax', async () => {
    const yaml = `---\niso_version: v0.12.0\nkernel: boot/vmlinuz\ninitrd: boot/core.gz\nhash_description: {type: Digest::SHA2, bitlen: 256}\nkernel_hash: ${hash}\ninitrd_hash: ${hash}\niso_build_time: 2026-11-21 19:16:20.576499658 Z\n`;
    const metadata = await parseMetadata(yaml);
    assert.deepEqual(metadata, {
      version: 'v0.12.0',
      kernel: 'boot/vmlinuz',
      initrd: 'boot/core.gz',
      hash: 'sha256',
      kernelHash: hash,
      initrdHash: hash,
      buildTime: Date.UTC(2026, 10, 21, 19, 16, 20) / 1000,
    });
    assert.equal((await parseMetadata(JSON.stringify(good))).buildTime, undefined);
  });
  it('have the build time that Ruby reads, where the lab is faithful', async () => {
    const timeOf = async (text: string): Promise<number | undefined> =>
      (await parseMetadata(`${JSON.stringify(good).slice(0, -1)}, "iso_build_time": ${text}}`, true)).buildTime;
    assert.equal(await timeOf('2026-11-21 19:16:20.576499658 Z'), Date.UTC(2026, 10, 21, 19, 16, 20) / 1000);
    assert.equal(await timeOf('"2026-11-21 19:16:20 Z"'), 2026);
    assert.equal(await timeOf('1000'), 1000);
    await assert.rejects(timeOf('2026-11-21'), /iso_build_time is a date without a time/);
  });
  it('are refused where the original refuses them or fails later, with the key named', async () => {
    const wrong: [string, Record<string, unknown>][] = [
      ['iso_version 1.5 is a number', { iso_version: 1.5 }],
      ['iso_version', { iso_version: '08' }],
      ['kernel', { kernel: undefined }],
      ['kernel', { kernel: '../../etc/shadow' }],
      ['kernel_hash', { kernel_hash: 'A'.repeat(64) }],
      ['hash_description', { hash_description: undefined }],
      ['hash_description', { hash_description: { type: 'sha256', bitlen: 256 } }],
      ['hash_description', { hash_description: { type: 'Digest::SHA2', bitlen: '256' } }],
    ];
    for (const [key, change] of wrong) {
      await assert.rejects(
        parseMetadata(JSON.stringify({ ...good, ...change })),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, 'RAZOR_MK_IMAGE_METADATA');
          assert.match(error.message, new RegExp(key));
          return true;
        },
      );
    }
    await assert.rejects(parseMetadata('a: [b'), { code: 'RAZOR_MK_IMAGE_METADATA' });
  });
});

describe('byte ranges', () => {
  it('are those of RFC 9110', () => {
    assert.deepEqual(parseRange('bytes=0-3', 10), { first: 0, last: 3 });
    assert.deepEqual(parseRange('bytes=4-', 10), { first: 4, last: 9 });
    assert.deepEqual(parseRange('bytes=-3', 10), { first: 7, last: 9 });
    assert.deepEqual(parseRange('bytes=8-99', 10), { first: 8, last: 9 });
    for (const none of [undefined, 'bytes=5-2', 'lines=1-2', 'bytes=-', 'bytes=0-1,3-4', 'bytes=a-b']) {
      assert.equal(parseRange(none, 10), 'whole', none);
    }
    for (const beyond of ['bytes=10-', 'bytes=-0']) assert.equal(parseRange(beyond, 10), 'unsatisfiable', beyond);
    assert.equal(parseRange('bytes=-5', 0), 'unsatisfiable');
  });
  it('of a faithful lab are the first of a list', () => {
    assert.deepEqual(parseFaithfulRange('bytes=0-1,3-4', 10), { first: 0, last: 1 });
    assert.equal(parseFaithfulRange('bytes=10-', 10), 'whole');
  });
});

describe('hardware ids', () => {
  it('are upper case without separators, none empty, none twice', () => {
    assert.deepEqual(splitHwIds('52:54:00:12:34:56_5254.0012.3456__52-54-00-12-34-57_', false), [
      '525400123456',
      '525400123457',
    ]);
    assert.deepEqual(splitHwIds('abc', false), ['ABC'], 'whatever a node calls itself is kept');
  });
  it('of a faithful lab are what Ruby’s split makes of them', () => {
    assert.deepEqual(splitHwIds('_a__b__', true), ['', 'a', 'b']);
  });
});
