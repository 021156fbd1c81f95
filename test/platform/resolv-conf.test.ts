import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseResolvConf, searchNames } from '../../platform/resolv-conf.ts';

test('three resolvers at most, bounded options, garbage passed over; the last of domain and search is searched', () => {
  const read = parseResolvConf(
    '# x\nnameserver 10.0.0.1\nnameserver nonsense\nnameserver fe80::1%eth0 ; c\nnameserver 10.0.0.3\nnameserver 10.0.0.4\ndomain a.\nsearch b. c\noptions ndots:99 timeout:0 attempts:x rotate\n\0\n',
  );
  assert.deepEqual(read, {
    nameservers: ['10.0.0.1', 'fe80::1%eth0', '10.0.0.3'],
    named: true,
    domain: 'a',
    search: ['b', 'c'],
    ndots: 15,
    timeoutMs: 1000,
    attempts: 2,
  });
});

test('without a resolver the C library asks 127.0.0.1, and it is known that nobody named one', () => {
  const { nameservers, named, domain } = parseResolvConf('search a.example');
  assert.deepEqual([nameservers, named, domain], [['127.0.0.1'], false, undefined]);
});

test('a name with enough dots is asked for as it stands first, and one that ends in a dot alone', () => {
  assert.deepEqual(searchNames('razor', { search: ['a.b', 'c'], ndots: 1 }), ['razor.a.b', 'razor.c', 'razor']);
  assert.deepEqual(searchNames('razor.lab', { search: ['a.b'], ndots: 1 }), ['razor.lab', 'razor.lab.a.b']);
  assert.deepEqual(searchNames('razor.', { search: ['a.b'], ndots: 1 }), ['razor']);
});
