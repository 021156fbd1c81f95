import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changedFacts, compileExclusion, DEFAULT_EXCLUSION } from '../../facts/facts.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';

test('the default pattern keeps back what the original kept back', () => {
  const { excludes } = compileExclusion(DEFAULT_EXCLUSION);
  for (const name of [
    'facterversion',
    'id',
    'kernelrelease',
    'memoryfree',
    'swapsize_mb',
    'uptime',
    'mk_hw_x_json_str',
  ])
    assert.ok(excludes(name), name);
  for (const name of ['memoryfree_mb', 'ipaddress', 'mk_hw_cpu_count', 'selinux_enforced', 'identity'])
    assert.ok(!excludes(name), name);
});

test('Ruby’s spelling is understood where it can be mapped', () => {
  assert.ok(compileExclusion('\\Afoo\\z').excludes('foo'));
  assert.ok(!compileExclusion('\\Afoo\\z').excludes('foobar'));
  assert.ok(compileExclusion('\\Afoo\\Z').excludes('foo'));
  assert.ok(compileExclusion('(?i)^FOO').excludes('foobar'));
  assert.ok(compileExclusion('(?i-mx:FOO)').excludes('foobar'));
  assert.ok(compileExclusion('^\\h+$').excludes('deadbeef'));
  assert.ok(compileExclusion('(?<kind>mac|ip)address').excludes('macaddress_eth0'));
});

test('a pattern that is none, looks around or is endless is refused with its code', () => {
  for (const pattern of ['(', '(?=x)', '(a)\\1', 'x'.repeat(10_000), '(?x) a'])
    assert.throws(
      () => compileExclusion(pattern),
      (error: unknown) => error instanceof RazorMkError && error.code === 'RAZOR_MK_PATTERN',
      pattern.slice(0, 20),
    );
});

test('a pattern that is exponential elsewhere takes no time here', () => {
  assert.ok(!compileExclusion('^(a+)+$').excludes(`${'a'.repeat(200)}!`));
});

test('free memory and uptime are no change of the machine; a new disk is', () => {
  const before = { memoryfree_mb: '1.00', uptime: '1 day', blockdevices: 'sda', gone: 'x' };
  const after = { memoryfree_mb: '2.00', uptime: '2 days', blockdevices: 'sda,sdb' };
  assert.deepEqual(changedFacts(before, after), ['blockdevices', 'gone']);
});
