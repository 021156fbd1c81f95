/** Which server is asked: candidates in turn, the working one first, discovery again when none is left or DNS says so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTargets } from '../../../agent/loop/targets.ts';
import { runUntil, testAgent } from '../../helpers/agent-parts.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';
import { command, scriptedServer } from '../../helpers/scripted-server.ts';

const candidate = (url: string, more = {}) => ({ url, source: 'kernel line razor.ip', given: true, ...more });

test('several candidates are tried in turn, and the one that answers stays first', async () => {
  const server = await scriptedServer();
  let discoveries = 0;
  const agent = await testAgent({
    discover: () => {
      discoveries++;
      return Promise.resolve({
        candidates: ['http://127.0.0.1:1', 'http://127.0.0.1:2', server.url].map((url) => candidate(url)),
        steps: [],
      });
    },
  });
  try {
    await runUntil(agent, () => agent.of('checkin').length === 3);
    assert.equal(discoveries, 1);
    assert.equal(agent.of('error').length, 6, 'three failures for each that is dead, none after');
  } finally {
    await agent.stop();
    await server.close();
  }
});

test('when every candidate failed three times, discovery begins again and a moved server is found', async () => {
  const server = await scriptedServer();
  server.checkins(command('register'), command('acknowledge'));
  let discoveries = 0;
  const agent = await testAgent({
    discover: () =>
      Promise.resolve({ candidates: [candidate(discoveries++ === 0 ? 'http://127.0.0.1:1' : server.url)], steps: [] }),
  });
  try {
    await runUntil(agent, () => agent.of('registered').length === 1);
    assert.equal(discoveries, 2);
    assert.equal(agent.of('discovered').length, 2);
  } finally {
    await agent.stop();
    await server.close();
  }
});

test('discovery is told what did not answer, until nothing else is left or somebody answers there', async () => {
  const server = await scriptedServer();
  server.checkins(command('register'), command('acknowledge'));
  const told: string[][] = [];
  const agent = await testAgent({
    discover: (_settings, _signal, unanswered) => {
      told.push([...unanswered]);
      const dead = ['http://127.0.0.1:1', 'http://127.0.0.1:2'].find((url) => !unanswered.has(url));
      // the second round: both are dead, so the first is named again; the third: the server is there at last
      const url = told.length > 4 ? server.url : (dead ?? 'http://127.0.0.1:1');
      return Promise.resolve({ candidates: [candidate(url)], steps: [] });
    },
  });
  try {
    await runUntil(agent, () => agent.of('registered').length === 1);
    const [one, two] = ['http://127.0.0.1:1', 'http://127.0.0.1:2'] as const;
    assert.deepEqual(told, [[], [one], [one, two], [one], [one, two]]);
  } finally {
    await agent.stop();
    await server.close();
  }
});

test('an address that DNS gave is asked for again when its time is over, at the earliest after 30 s', async () => {
  const clock = fakeClock();
  const targets = createTargets(clock);
  targets.found({ candidates: [candidate('http://10.0.0.1:8026', { ttl: 5 })], steps: [] });
  await clock.advance(29_000);
  assert.equal(targets.expired(), false);
  await clock.advance(2000);
  assert.equal(targets.expired(), true);
  targets.found({ candidates: [candidate('http://10.0.0.1:8026', { ttl: 3600 })], steps: [] });
  await clock.advance(3_500_000);
  assert.equal(targets.expired(), false);
  targets.found({ candidates: [candidate('http://10.0.0.1:8026')], steps: [] });
  await clock.advance(1e9);
  assert.equal(targets.expired(), false, 'an address that was written down has no end');
});

test('when DNS is asked again, the address that answered last stays first, not the dead one that DNS names first', async () => {
  const clock = fakeClock();
  const targets = createTargets(clock);
  const [dead, good] = [candidate('http://10.0.0.1:8026', { ttl: 60 }), candidate('http://10.0.0.2:8026', { ttl: 60 })];
  targets.found({ candidates: [dead, good], steps: [] });
  assert.equal(targets.next(dead), true);
  targets.answered(good);
  await clock.advance(61_000);
  assert.equal(targets.expired(), true);
  targets.found({ candidates: [dead, good], steps: [] });
  assert.equal(targets.current('')?.url, good.url);
  // it has gone from DNS: nobody holds on to it
  targets.found({ candidates: [dead], steps: [] });
  assert.equal(targets.current('')?.url, dead.url);
  // it failed since: it is nothing better any more
  targets.found({ candidates: [dead, good], steps: [] });
  targets.answered(good);
  assert.equal(targets.next(good), true);
  assert.equal(targets.next(dead), false);
  targets.found({ candidates: [dead, good], steps: [] });
  assert.equal(targets.current('')?.url, dead.url);
});

test('a pushed address is distrusted for an hour after it failed, and never leads from https to http', async () => {
  const clock = fakeClock();
  const targets = createTargets(clock);
  targets.found({ candidates: [candidate('http://10.0.0.1:8026', { given: false })], steps: [] });
  const pushed = targets.current('http://10.0.0.2:8026/');
  assert.equal(pushed?.url, 'http://10.0.0.2:8026');
  assert.equal(targets.next(pushed ?? candidate('')), true);
  assert.equal(targets.current('http://10.0.0.2:8026')?.url, 'http://10.0.0.1:8026');
  await clock.advance(3_700_000);
  assert.equal(targets.current('http://10.0.0.2:8026')?.url, 'http://10.0.0.2:8026');
  targets.found({ candidates: [candidate('https://10.0.0.1:8026', { given: false })], steps: [] });
  assert.equal(targets.current('http://10.0.0.3')?.url, 'https://10.0.0.1:8026');
  assert.equal(targets.current('https://10.0.0.3')?.url, 'https://10.0.0.3');
});
