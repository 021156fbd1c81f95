import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { listenForDone } from '../../../../../agent/servers/ironic-2014/conductor/done-listener.ts';
import { until } from '../../../../helpers/until.ts';

function say(port: number, text: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.end(text));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
  });
}

test('an empty connection, another text, an early done: all are ignored with a reason; then a true one counts', async () => {
  const ignored: string[] = [];
  let early = true;
  const listener = await listenForDone({
    address: '127.0.0.1',
    port: 0,
    allowed: () => true,
    notYet: () => Promise.resolve(early ? 'nobody has logged in yet' : undefined),
    onIgnored: (why) => ignored.push(why),
  });
  let finished = false;
  const done = listener.next();
  void done.then(() => (finished = true));
  try {
    for (const text of ['', 'DONE', 'done and more, much more', 'x'.repeat(100_000), 'done']) {
      const before = ignored.length;
      await say(listener.port, text);
      await until('one more ignored call', () => ignored.length > before);
    }
    assert.equal(finished, false);
    assert.match(ignored.at(-1) ?? '', /nobody has logged in yet/);
    early = false;
    await say(listener.port, 'done');
    await done;
  } finally {
    listener.close();
  }
});

test('a peer that is neither API nor boot server is not heard', async () => {
  const ignored: string[] = [];
  const listener = await listenForDone({
    address: '127.0.0.1',
    port: 0,
    allowed: (peer) => peer === '192.0.2.1',
    notYet: () => Promise.resolve(undefined),
    onIgnored: (why) => ignored.push(why),
  });
  let finished = false;
  void listener.next().then(() => (finished = true));
  try {
    await say(listener.port, 'done');
    await until('one more ignored call', () => ignored.length === 1);
    assert.match(ignored[0] ?? '', /127\.0\.0\.1/);
    assert.equal(finished, false);
  } finally {
    listener.close();
  }
});
