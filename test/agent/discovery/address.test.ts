import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressFault, baseUrl, ipFamilyOf, parseAddress } from '../../../agent/discovery/address.ts';

type Row = readonly [scheme: 'http' | 'https', host: string, port: number | undefined, path: string];

test('an address is a host, a host and its port, or a whole URL', () => {
  const rows: Readonly<Record<string, Row>> = {
    'razor.example': ['http', 'razor.example', undefined, ''],
    'razor.example.': ['http', 'razor.example.', undefined, ''],
    ' razor ': ['http', 'razor', undefined, ''],
    'a_b.example:8026': ['http', 'a_b.example', 8026, ''],
    'razor:1': ['http', 'razor', 1, ''],
    'razor:65535': ['http', 'razor', 65_535, ''],
    '192.0.2.1': ['http', '192.0.2.1', undefined, ''],
    '192.0.2.1:80': ['http', '192.0.2.1', 80, ''],
    '2001:db8::1': ['http', '2001:db8::1', undefined, ''],
    '[2001:db8::1]': ['http', '2001:db8::1', undefined, ''],
    '[fe80::1%eth0]:8026': ['http', 'fe80::1%eth0', 8026, ''],
    'https://razor': ['https', 'razor', undefined, ''],
    'HTTP://razor:80/': ['http', 'razor', 80, ''],
    'http://razor:80': ['http', 'razor', 80, ''],
    'https://razor:443/a/b//': ['https', 'razor', 443, '/a/b'],
    'http://[2001:db8::1]:8150/razor': ['http', '2001:db8::1', 8150, '/razor'],
    'http://razor/a:99/': ['http', 'razor', undefined, '/a:99'],
    '1and1.example': ['http', '1and1.example', undefined, ''],
    'false.example': ['http', 'false.example', undefined, ''],
    'is-false': ['http', 'is-false', undefined, ''],
  };
  for (const [text, [scheme, host, port, path]] of Object.entries(rows))
    assert.deepEqual(parseAddress(text), { scheme, host, port, path }, text);
});

test('what is no address is none', () => {
  const long = `http://razor/${'a'.repeat(1988)}`;
  for (const text of [
    '',
    '  ',
    'false',
    'TRUE',
    'null',
    'nil',
    'undefined',
    '10.0.0.300',
    '10',
    '1.2.3',
    'razor:0',
  ].concat(
    ['razor:65536', 'razor:', ':80', 'a b', 'razor/x', 'user@razor', '-razor', 'razor-', 'a..b', '.a', '[razor]'],
    ['[192.0.2.1]', '[::1', 'x[::1]', '[::1]x', 'http://', 'http://u@razor', 'http://:p@razor', 'http://razor?x'],
    ['http://razor#x', 'http://10.0.0.300', 'http://false', 'ftp://razor', 'xhttp://razor', 'a'.repeat(64)],
    [`${'a'.repeat(60)}.`.repeat(5), long, 'http://a%20b', 'http://-a'],
  ))
    assert.equal(parseAddress(text), undefined, text.slice(0, 60));
  assert.notEqual(parseAddress(long.slice(0, 2000)), undefined);
});

test('the family of an address is 4 or 6, and 0 for a name', () => {
  assert.deepEqual(['192.0.2.1', '::1', 'fe80::1%eth0', 'razor', 'a:b', ''].map(ipFamilyOf), [4, 6, 6, 0, 0, 0]);
});

test('the fault of an address hides secrets, and tells of brackets where an IPv6 address lacks them', () => {
  assert.equal(addressFault('10.0.0.300'), 'invalid address "10.0.0.300"');
  assert.doesNotMatch(addressFault('http://u:secret@razor'), /secret/);
  assert.equal(addressFault('a'.repeat(101)), `invalid address "${'a'.repeat(100)}"`);
  const hint = /: an IPv6 address with a port or in a URL stands in brackets, \[ADDRESS\]:PORT$/;
  for (const text of ['http://2001:db8::1/razor', 'http://2001:db8::1', '2001:db8:0:0:0:0:0:1:8026', ' HTTPS://::1 '])
    assert.match(addressFault(text), hint, text);
  for (const text of ['razor:99999', 'http://razor/2001:db8::1', 'x2001:db8:0:0:0:0:0:1:8026x'])
    assert.doesNotMatch(addressFault(text), hint, text);
});

test('the URL of an address has its port, or the usual one, and IPv6 in brackets', () => {
  const url = (text: string, port?: number, host?: string): string => {
    const address = parseAddress(text);
    assert.ok(address);
    return baseUrl(address, port, host);
  };
  assert.equal(url('razor', 8026), 'http://razor:8026');
  assert.equal(url('razor:80', 8026), 'http://razor:80');
  assert.equal(url('https://razor/x/'), 'https://razor/x');
  assert.equal(url('[fe80::1%eth0]:1'), 'http://[fe80::1]:1');
  assert.equal(url('razor:1', 8026, '::1'), 'http://[::1]:1');
});
