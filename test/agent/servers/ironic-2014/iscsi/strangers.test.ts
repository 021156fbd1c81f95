import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStrangerWatch, farEnds } from '../../../../../agent/servers/ironic-2014/iscsi/strangers.ts';

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue\n';
const row = (local: string, remote: string, state = '01'): string =>
  `   0: ${local} ${remote} ${state} 00000000:00000000\n`;
const PORTAL = '00000000:0CBC'; // 3260

test('the far ends of connections to a port', () => {
  const table =
    HEAD +
    row(PORTAL, '00000000:0000', '0A') +
    row('0102000A:0CBC', '0502000A:D431') +
    row('0102000A:0CBC', '0502000A:D432', '06') +
    row('0102000A:0CBD', '0602000A:D431') +
    row('0102000A:10CBC', '0702000A:D431') +
    row('0102000A:0CBC', 'nonsense:D431');
  assert.deepEqual(farEnds(table, 3260, true), ['10.0.2.5']);
  assert.deepEqual(farEnds(table, 3261, true), ['10.0.2.6']);
  assert.deepEqual(farEnds(row('0A000201:0CBC', '0A000205:D431'), 3260, false), ['10.0.2.5']);
  assert.deepEqual(farEnds(row('0102000A:0050', '0502000A:D431'), 80, true), ['10.0.2.5']);
  assert.deepEqual(farEnds('', 3260, true), []);
});

test('IPv6 addresses, short; an IPv4 address within one counts as itself', () => {
  const v6 = (remote: string): readonly string[] =>
    farEnds(row(`${'0'.repeat(32)}:0CBC`, `${remote}:D431`), 3260, true);
  assert.deepEqual(v6('B80D0120000000000000000005000000'), ['2001:db8::5']);
  assert.deepEqual(v6('0000000000000000FFFF00000502000A'), ['10.0.2.5']);
  assert.deepEqual(v6('00000001000000000000000005000000'), ['100::5']);
  assert.deepEqual(v6('B80D012000000000000000000500000'), []);
});

test('whoever may not log in is named once', () => {
  let tcp = row('0102000A:0CBC', '0502000A:D431') + row('0102000A:0CBC', '0602000A:D431');
  const read = (path: string): string => {
    if (path === '/proc/net/tcp6') throw new Error('no IPv6');
    assert.equal(path, '/proc/net/tcp');
    return tcp;
  };
  const look = createStrangerWatch(3260, ['10.0.2.5'], read);
  const little = farEnds(tcp, 3260)[0] === '10.0.2.5';
  assert.deepEqual(look(), little ? ['10.0.2.6'] : ['5.2.0.10', '6.2.0.10']);
  assert.deepEqual(look(), []);
  tcp += row('0102000A:0CBC', '0702000A:D431');
  assert.deepEqual(look(), little ? ['10.0.2.7'] : ['7.2.0.10']);
  assert.deepEqual(createStrangerWatch(3260, ['ALL'], read)(), []);
  const both = createStrangerWatch(3260, [], () => row('0102000A:0CBC', '0502000A:D431'));
  assert.equal(both().length, 1);
});
