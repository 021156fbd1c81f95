import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onOff } from '../../../agent/config/kinds.ts';
import { parseSwitch } from '../../../agent/config/switch.ts';

test('a switch is one of eight words in any case, and nothing else says on or off', () => {
  for (const on of ['1', 'true', 'yes', 'on', 'ON', 'True']) assert.equal(parseSwitch(on), true, on);
  for (const off of ['0', 'false', 'no', 'off', 'Off']) assert.equal(parseSwitch(off), false, off);
  for (const neither of ['', ' ', 'y', '2', 'on ', 'enabled', '1\n', undefined])
    assert.equal(parseSwitch(neither), undefined, JSON.stringify(neither));
});

test('as a setting a switch may also be a boolean of YAML or JSON, and an empty value is refused', () => {
  assert.deepEqual([onOff(true), onOff(false), onOff('on')], [{ value: true }, { value: false }, { value: true }]);
  for (const bad of ['', null, [], {}, 2]) assert.deepEqual(onOff(bad), { wrong: 'is neither on nor off' });
});
