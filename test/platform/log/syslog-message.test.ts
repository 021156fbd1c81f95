import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatSyslog, parseSyslogTarget } from '../../../platform/log/syslog-message.ts';

const RFC5424 = /^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (\S+) razor-mk (\d+) - - (.*)$/;
const wall = new Date('2026-11-22T10:00:00.123Z');

test('a message has the form of RFC 5424, on one line, cut at a character', () => {
  const line = formatSyslog('error', 'one\ntwo\u0007', { wall, hostname: 'mk 1' });
  const parts = RFC5424.exec(line);
  assert.ok(parts, line);
  assert.deepEqual([parts[1], parts[3], parts[5]], [String(16 * 8 + 3), 'mk1', 'one two ']);
  // the limit falls between two characters, or into one
  for (const shift of ['', 'x', 'xx', 'xxx']) {
    const cut = formatSyslog('info', `${shift}${'\u{1f980}'.repeat(1000)}`, { wall, hostname: '' });
    const bytes = Buffer.byteLength(cut);
    assert.ok(bytes <= 2048 && bytes > 2044, `${bytes} bytes`);
    assert.doesNotMatch(cut, /\ufffd/);
    assert.match(cut, / - razor-mk /);
  }
});

test('each level of the log has its severity, and a message of exactly the limit is sent whole', () => {
  const severity = (['fatal', 'error', 'warn', 'info', 'debug'] as const).map(
    (level) => Number(RFC5424.exec(formatSyslog(level, 'x', { wall, hostname: 'mk' }))?.[1]) - 16 * 8,
  );
  assert.deepEqual(severity, [2, 3, 4, 6, 7]);
  const head = formatSyslog('info', '', { wall, hostname: 'mk' });
  const whole = formatSyslog('info', 'abc', { wall, hostname: 'mk', limit: head.length + 3 });
  assert.equal(whole, `${head}abc`);
  assert.equal(formatSyslog('info', 'abc', { wall, hostname: 'mk', limit: head.length + 2 }), `${head}ab`);
});

test('addresses are understood in every usual form, and others are refused', () => {
  assert.deepEqual(parseSyslogTarget('10.0.0.1'), { protocol: 'udp', host: '10.0.0.1', port: 514 });
  assert.deepEqual(parseSyslogTarget('tcp://logs.example'), { protocol: 'tcp', host: 'logs.example', port: 601 });
  assert.deepEqual(parseSyslogTarget('udp://[fd00::1]:5514'), { protocol: 'udp', host: 'fd00::1', port: 5514 });
  assert.deepEqual(parseSyslogTarget('host:65535'), { protocol: 'udp', host: 'host', port: 65_535 });
  assert.deepEqual(parseSyslogTarget('host:1'), { protocol: 'udp', host: 'host', port: 1 });
  for (const bad of ['', 'http://x', 'host:0', 'host:65536', 'a b', 'tcp://$(reboot)', 'x udp://host', 'host:1x']) {
    assert.throws(() => parseSyslogTarget(bad), {
      code: 'RAZOR_MK_USAGE',
      message: `invalid syslog address "${bad}"`,
      remedy: /tcp:\/\/HOST:601/,
    });
  }
});
