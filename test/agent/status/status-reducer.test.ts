/** The status as a fold over events: pure, bounded, and right about what is health. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentEvent } from '../../../agent/loop/events.ts';
import { initialStatus, reduce, type Status } from '../../../agent/status/status-reducer.ts';

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}

/** Folds events, one a second, over states that nobody may change. */
function fold(events: readonly AgentEvent[], from: Status = initialStatus(false, 0)): Status {
  return events.reduce(
    (status, event, i) => reduce(frozen(status), event, { now: i * 1000, at: `2026-11-22T10:00:0${i % 10}Z` }),
    from,
  );
}

const checkin = (more: Partial<Extract<AgentEvent, { event: 'checkin' }>> = {}): AgentEvent => ({
  event: 'checkin',
  server: 'http://a',
  firstCheckin: false,
  command: 'acknowledge',
  durationMs: 500,
  turn: 1,
  ...more,
});
const failure: AgentEvent = { event: 'error', code: 'RAZOR_MK_HTTP', message: 'refused', remedy: 'look' };

test('no event changes the status that it is given', () => {
  const events: AgentEvent[] = [
    { event: 'started', version: '1', dialect: 'razor', live: true, stateDir: '/tmp' },
    { event: 'step', name: 'network', state: 'running', note: 'no link' },
    { event: 'step', name: 'network', state: 'done', note: 'eth0 10.0.0.7' },
    { event: 'discovered', server: 'http://a', source: 'DNS', candidates: ['http://a'], steps: [] },
    { event: 'collected', facts: 3, durationMs: 1, errors: 0, nodeId: 'n1' },
    checkin(),
    { event: 'command', name: 'wipe', known: false, destructive: false, plan: [] },
    { event: 'command-failed', name: 'wipe', message: 'no', remedy: 'look' },
    { event: 'registered', facts: 3, reason: 'changed', notes: [], durationMs: 1 },
    { event: 'listening', url: 'https://n', to: [] },
    { event: 'reported', server: 'http://b', facts: 3, durationMs: 1 },
    { event: 'serving', server: 'http://b', node: 'n2', callback: 'https://n' },
    { event: 'heartbeat', server: 'http://b', node: 'n2', durationMs: 1 },
    { event: 'warning', message: 'slow' },
    failure,
    { event: 'config-rollback', reason: 'three failures' },
    { event: 'waiting', ms: 1000, reason: 'the next turn' },
    { event: 'leaving', what: 'the machine restarts', server: 'http://a' },
    { event: 'stopped', reason: 'asked to', turns: 1 },
  ];
  const { server, ...status } = fold(events);
  assert.deepEqual(status.boot, [{ name: 'network', state: 'done', note: 'eth0 10.0.0.7' }]);
  assert.deepEqual([server?.url, server?.source, status.nodeId], ['http://b', 'DNS', 'n2']);
  assert.deepEqual([status.service?.heartbeats, status.service?.callback], [1, 'https://n']);
  assert.deepEqual([status.state, status.progressAt], ['stopped: asked to', 18_000]);
});

test('failures in a row end with an answer; a check-in that asked no server is no answer and no time', () => {
  assert.deepEqual(fold([failure, failure]).turns, {
    count: 0,
    good: 0,
    failed: 2,
    failedInARow: 2,
    registers: 0,
  });
  const recovered = fold([failure, failure, checkin({ turn: 3 })]);
  assert.deepEqual([recovered.turns.failedInARow, recovered.turns.failed, recovered.turns.good], [0, 2, 1]);
  assert.deepEqual(recovered.counters.checkinSeconds, { count: 1, sum: 0.5 });
  const due = fold([failure, checkin({ command: 'register', asked: false })]);
  assert.deepEqual([due.turns.failedInARow, due.counters.checkinSeconds.count], [1, 0]);
});

test('a registration is a report only where the turn asked no server', () => {
  const registered: AgentEvent = { event: 'registered', facts: 3, reason: 'due', notes: [], durationMs: 1 };
  assert.equal(fold([checkin({ command: 'register' }), registered]).service, undefined);
  const uploaded = fold([checkin({ command: 'register', asked: false }), registered]);
  assert.deepEqual([uploaded.service?.reportedAt, uploaded.turns.good], ['2026-11-22T10:00:01Z', 1]);
});

test('the same problem in a row is counted, the same warning moves to the end, and the newest twenty are kept', () => {
  const many = Array.from({ length: 30 }, (_, i): AgentEvent => ({ ...failure, message: `refused ${i}` }));
  const status = fold([...many, many[29] as AgentEvent]);
  assert.deepEqual([status.problems.length, status.problems.at(-1)?.times], [20, 2]);
  assert.deepEqual([status.problems[0]?.message, status.counters.errors], ['refused 10', { RAZOR_MK_HTTP: 31 }]);
  const warnings = ['a', 'b', 'a'].map((message): AgentEvent => ({ event: 'warning', message }));
  assert.deepEqual(
    fold(warnings).warnings.map(({ message, times }) => [message, times]),
    [
      ['b', 1],
      ['a', 2],
    ],
  );
});

test('a server that was not discovered is shown with how its address came', () => {
  assert.equal(fold([checkin({ server: 'http://c' })]).server?.source, 'pushed mk_uri');
  assert.equal(
    fold([{ event: 'reported', server: 'http://c', facts: 1, durationMs: 1 }]).server?.source,
    'the kernel line',
  );
});
