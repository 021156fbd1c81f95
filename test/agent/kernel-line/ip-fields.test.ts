import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addressOf,
  defaultPrefix,
  isHostName,
  isNicName,
  nicOf,
  prefixLengthOf,
  splitFields,
  splitPrefix,
} from '../../../agent/kernel-line/ip-fields.ts';

test('an interface name has 15 characters at most and nothing that a program could take for an option', () => {
  for (const name of ['eth0', 'a', 'enp0s31f6', 'eth0.5', 'a23456789012345', 'br-lan', 'x_1'])
    assert.equal(isNicName(name), true, name);
  for (const name of ['', '.', '..', '-eth0', '0eth', 'a234567890123456', 'eth0:1', 'eth 0', 'a/b', 'eth0\n'])
    assert.equal(isNicName(name), false, name);
});

test('a host name is what RFC 1123 takes', () => {
  const label = 'a'.repeat(63);
  for (const name of ['a', 'node-1.example.com', '9x', label, `${label}.${label}.${label}.${'b'.repeat(61)}`])
    assert.equal(isHostName(name), true, name);
  for (const name of [
    '',
    '-a',
    'a-',
    'a..b',
    '.a',
    'a.',
    `${label}a`,
    'a b',
    'a_b',
    `${label}.${label}.${label}.${label}`,
  ])
    assert.equal(isHostName(name), false, name);
});

test('an interface is a name or a MAC, which becomes lower case with colons', () => {
  assert.equal(nicOf('eth0'), 'eth0');
  assert.equal(nicOf('52-54-00-AA-bb-01'), '52:54:00:aa:bb:01');
  assert.equal(nicOf('52:54:00:aa:bb:01'), '52:54:00:aa:bb:01');
  for (const text of ['', '52-54-00-aa-bb', '52-54-00-aa-bb-01-02', 'x52-54-00-aa-bb-01', '-x'])
    assert.equal(nicOf(text), undefined, text);
  assert.equal(nicOf('aa-bb-cc-dd-ee'), 'aa-bb-cc-dd-ee'); // five bytes are a name
});

test('fields end at colons outside of brackets', () => {
  assert.deepEqual(splitFields('a::b'), ['a', '', 'b']);
  assert.deepEqual(splitFields('[fd00::1]:[fd00::2]:x'), ['[fd00::1]', '[fd00::2]', 'x']);
  assert.deepEqual(splitFields('[a:b'), ['[a:b']);
  assert.deepEqual(splitFields(''), ['']);
});

test('an address is written as the kernel writes it', () => {
  const rows: readonly [string, string | undefined][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['[192.0.2.1]', '192.0.2.1'],
    ['[2001:DB8:0:0::1]', '2001:db8::1'],
    ['2001:db8::0001', '2001:db8::1'],
    ['fe80::1%eth0', undefined],
    ['192.0.2.256', undefined],
    ['1[92.0.2.1]', undefined],
    ['[192.0.2.]1', undefined],
    ['', undefined],
    ['name', undefined],
  ];
  for (const [text, address] of rows) assert.equal(addressOf(text), address, text);
});

test('what is behind the slash is the length, inside of the brackets or outside', () => {
  const rows: readonly [string, string, string | undefined][] = [
    ['10.0.0.7/24', '10.0.0.7', '24'],
    ['10.0.0.7', '10.0.0.7', undefined],
    ['[2001:db8::7/64]', '2001:db8::7', '64'],
    ['[2001:db8::7]/64', '[2001:db8::7]', '64'],
    ['[2001:db8::7]', '[2001:db8::7]', undefined],
    ['10.0.0.7/', '10.0.0.7/', undefined],
    ['10.0.0.7/2400', '10.0.0.7/2400', undefined],
    ['a/b/24', 'a/b/24', undefined],
    ['10.0.0.7/24x', '10.0.0.7/24x', undefined],
  ];
  for (const [text, bare, length] of rows) assert.deepEqual(splitPrefix(text), { bare, length }, text);
});

test('a netmask is bits or their number', () => {
  const rows: readonly [mask: string, four: boolean, number | undefined][] = [
    ['255.255.255.0', true, 24],
    ['255.255.255.255', true, 32],
    ['0.0.0.0', true, 0],
    ['128.0.0.0', true, 1],
    ['255.0.255.0', true, undefined],
    ['0.0.0.255', true, undefined],
    ['255.255.255.0', false, undefined],
    ['24', true, 24],
    ['/24', true, 24],
    ['32', true, 32],
    ['33', true, undefined],
    ['64', false, 64],
    ['128', false, 128],
    ['129', false, undefined],
    ['x24', true, undefined],
    ['24x', true, undefined],
    ['', true, undefined],
    ['1.2.3', true, undefined],
  ];
  for (const [mask, four, length] of rows) assert.equal(prefixLengthOf(mask, four), length, mask);
});

test('without a netmask the class of the address decides, and for IPv6 it is 64', () => {
  const rows: readonly [string, number][] = [
    ['10.0.0.1', 8],
    ['127.0.0.1', 8],
    ['128.0.0.1', 16],
    ['191.255.0.1', 16],
    ['192.0.2.1', 24],
    ['2001:db8::1', 64],
  ];
  for (const [address, length] of rows) assert.equal(defaultPrefix(address), length, address);
});
