import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNextServer } from '../../../agent/discovery/next-server.ts';

const wrongOf = (text: string): string | undefined => {
  const found = parseNextServer(Buffer.from(text, 'latin1'));
  return 'wrong' in found ? found.wrong : undefined;
};
const hostOf = (text: string): string | undefined => {
  const found = parseNextServer(Buffer.from(text, 'latin1'));
  return 'wrong' in found ? undefined : found.host;
};

test('one address on one line, whatever is blank around it', () => {
  for (const text of ['10.0.0.1', '10.0.0.1\n', '\r\n \t10.0.0.1 \r\n\n']) assert.equal(hostOf(text), '10.0.0.1');
  assert.equal(hostOf('fd00::1\n'), 'fd00::1');
});

test('nothing, and the address of nobody, mean that no next-server was sent', () => {
  const sentNone = 'the DHCP server sent no next-server (siaddr)';
  assert.equal(wrongOf(''), `is empty: ${sentNone}`);
  assert.equal(wrongOf(' \n'), `is empty: ${sentNone}`);
  assert.equal(wrongOf('0.0.0.0\n'), `holds 0.0.0.0: ${sentNone}`);
  assert.equal(wrongOf('::\n'), `holds 0.0.0.0: ${sentNone}`);
});

test('two lines are no address, even two good ones', () => {
  assert.equal(wrongOf('10.0.0.1\n10.0.0.2\n'), 'holds an invalid address "10.0.0.1?10.0.0.2"');
  assert.equal(wrongOf('10.0.0.1\r\n10.0.0.1'), 'holds an invalid address "10.0.0.1?10.0.0.1"');
});

test('what is no address is shown: sixty characters, with one ? for each run that cannot be printed', () => {
  assert.equal(wrongOf('\u0000\u0001not an\u007f\u00e4address'), 'holds an invalid address "?not an?address"');
  const shown = /"(.*)"/.exec(wrongOf('/'.repeat(61)) ?? '')?.[1];
  assert.equal(shown, '/'.repeat(60));
});

test('4,096 bytes are looked at, one more is no address', () => {
  assert.equal(hostOf('10.0.0.1'.padEnd(4096)), '10.0.0.1');
  assert.equal(wrongOf('10.0.0.1'.padEnd(4097)), 'is longer than 4,096 bytes: not an address');
});
