import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandLine } from '../../helpers/command-line.ts';
import { makeTree } from '../../helpers/tree.ts';

test('a card that is named and not there is told of; one that is there is taken by its name or its address', async (t) => {
  const net = 'sys/class/net/eth0';
  const root = makeTree(t, {
    [`${net}/ifindex`]: '2\n',
    [`${net}/type`]: '1\n',
    [`${net}/address`]: '52:54:00:00:00:01\n',
    [`${net}/device/vendor`]: '0x8086\n',
  });
  const identity = (...words: string[]): ReturnType<typeof commandLine> =>
    commandLine(['facts', 'identity', '--root', root, ...words]);
  assert.equal((await identity()).err, '');
  const wrong = await identity('--identity-include', 'usb0', '--identity-exclude', 'eth0,52-54-00-00-00-99');
  assert.deepEqual(wrong.err.split('\n'), [
    'razor-mk: this machine has no interface usb0: nothing is taken in or left out for it',
    'razor-mk: this machine has no interface 52-54-00-00-00-99: nothing is taken in or left out for it',
    '',
  ]);
  assert.match(wrong.out, /eth0 +~~52:54:00:00:00:01~~ {2}\(left out by the configuration\)/);
  assert.equal((await identity('--identity-exclude', '52-54-00-00-00-01')).err, '');
});
