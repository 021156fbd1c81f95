/** Where lines go at which level: file and syslog follow what a server pushes, the console does not. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { openNodeLog } from '../../../agent/node/logging.ts';

test('a pushed level moves syslog in both directions; the console keeps the one that it was started with', async () => {
  const collector = createSocket('udp4');
  const received: string[] = [];
  collector.on('message', (bytes) => received.push(bytes.toString().trimEnd().split(' ').at(-1) ?? ''));
  collector.bind(0, '127.0.0.1');
  await once(collector, 'listening');
  const shown: string[] = [];
  const log = openNodeLog({
    logDir: undefined,
    level: 'info',
    syslog: `udp://127.0.0.1:${collector.address().port}`,
    console: (line) => shown.push(line),
  });
  try {
    const say = (name: string): void => {
      log.log.debug(`debug-${name}`);
      log.log.info(`info-${name}`);
      log.log.error(`error-${name}`);
    };
    say('started');
    log.setLevel('debug');
    say('talkative');
    log.setLevel('error');
    say('silent');
    const wanted = ['info-started', 'error-started'];
    wanted.push('debug-talkative', 'info-talkative', 'error-talkative', 'error-silent');
    while (received.length < wanted.length) await once(collector, 'message');
    assert.deepEqual(received, wanted);
    const all = ['started', 'talkative', 'silent'];
    assert.deepEqual(
      shown,
      all.flatMap((name) => [`info-${name}`, `error: error-${name}`]),
    );
  } finally {
    await log.close();
    collector.close();
  }
});

test('a syslog address that is none is told with what to write instead', async () => {
  const shown: string[] = [];
  const log = openNodeLog({ logDir: undefined, level: 'info', syslog: 'ftp://x', console: (line) => shown.push(line) });
  await log.close();
  assert.deepEqual(shown, ['warn: invalid syslog address "ftp://x". Write udp://HOST:514 or tcp://HOST:601.']);
});
