import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duration, statusLines, type MachineLoad } from '../../../agent/status/status-lines.ts';
import type { StatusSnapshot } from '../../../agent/status/snapshot.ts';
import { sample } from './sample.ts';

function page(more: Partial<StatusSnapshot> = {}, load?: MachineLoad): string[] {
  return statusLines(sample(more), load).map(
    ({ rank, label, text, style }) => `${rank} ${label}: ${text}${style === undefined ? '' : ` (${style})`}`,
  );
}

const ALL = [
  '0 :  razor-mk 0.1.0  mk525400123456 (title)',
  '1 state: waiting: the next turn',
  '9 : + memory: the kernel ends other programs first',
  '9 : + network: eth0 10.0.0.7',
  '3 server: http://10.0.0.1:8026, found by kernel line razor.ip',
  '6 node: 525400123456_525400123457, dialect razor',
  '4 last turn: 11:06:01: the server said acknowledge (12 ms)',
  '4 next turn: in 31 s (the next turn)',
  '7 turns: 66 answered, 4 errors, 2 registrations',
  '5 command: acknowledge at 11:06:01, 60 times in a row',
  '8 facts: 84, 1 probes failed, gathered 11:06:00',
  '8 agent: up 67 min, 80 MiB resident, 20 MiB heap, 3.3 s CPU',
  '10 local: http://127.0.0.1:2156/healthz, /metrics, /setMkConfig',
  '9 warning: 11:00:00 a warning (warn)',
  '10 config: checkin_interval = 60 (pushed)',
];

/** The lines that are not on the page of the sample. */
const changed = (more: Partial<StatusSnapshot>, load?: MachineLoad): string[] =>
  page(more, load).filter((line) => !ALL.includes(line));

test('a quiet agent: each line with how much it matters', () => {
  assert.deepEqual(
    page(),
    ALL.map((line) => line.replace('3.3 s', (3.25).toFixed(1) + ' s')),
  );
});

test('a dry agent, one without server, identity, facts, command and local port', () => {
  assert.deepEqual(changed({ live: false }), ['0 :  razor-mk 0.1.0  mk525400123456  (dry) (title)']);
  assert.deepEqual(changed({ server: undefined, nodeId: undefined }), [
    '3 server: none found yet (warn)',
    '6 node: no identity yet, dialect razor',
  ]);
  const none = page({ facts: undefined, command: undefined, controlPort: undefined, warnings: [], config: [] });
  assert.equal(none.length, ALL.length - 5);
});

test('what is wrong: unhealthy, an error, the last problem with its remedy, as long as turns fail', () => {
  assert.deepEqual(changed({ healthy: false }), ['1 state: waiting: the next turn (bad)']);
  assert.deepEqual(changed({ state: 'error: x' }), ['1 state: error: x (bad)']);
  const problem = { message: 'refused', remedy: 'start it', times: 2 } as unknown as StatusSnapshot['problems'][number];
  const failing = { ...sample().turns, failedInARow: 3 };
  assert.deepEqual(changed({ problems: [problem], turns: failing }), [
    '2 problem: refused (2 times) (bad)',
    '2 remedy: start it',
    '7 turns: 66 answered, 4 errors (3 since the last answer), 2 registrations',
  ]);
  assert.equal(changed({ problems: [{ ...problem, times: 1 }], turns: failing })[0], '2 problem: refused (bad)');
  assert.deepEqual(changed({ problems: [problem] }), []);
  assert.deepEqual(changed({ problems: [], turns: failing }).length, 1);
});

test('steps of the boot: those that run or failed matter more', () => {
  const boot = (['waiting', 'running', 'done', 'failed', 'skipped'] as const).map((state) => ({
    name: state,
    state,
    note: state === 'failed' ? 'why' : '',
  }));
  assert.deepEqual(changed({ boot: boot as unknown as StatusSnapshot['boot'] }), [
    '9 : · waiting',
    '2 boot: > running',
    '9 : + done',
    '2 boot: ! failed: why (warn)',
  ]);
});

test('before the first answer, and with nothing planned', () => {
  const turns = { ...sample().turns, last: undefined, next: undefined };
  assert.deepEqual(changed({ turns }), ['4 last turn: none was answered yet']);
});

test('a server that takes a report and heartbeats', () => {
  const at = '2026-11-22T11:06:01.000Z';
  const service = {
    reportedAt: at,
    heartbeatAt: at,
    heartbeats: 3,
    callback: 'https://10.0.0.7:9999',
  } as unknown as NonNullable<StatusSnapshot['service']>;
  assert.deepEqual(changed({ service }), [
    "4 reported: 11:06:01: the server took this machine's inventory",
    '5 commands: taken at https://10.0.0.7:9999',
    '4 heartbeat: 11:06:01, 3 so far',
    '4 next: in 31 s (the next turn)',
    '7 errors: 4',
  ]);
  const silent = {
    reportedAt: undefined,
    heartbeatAt: undefined,
    heartbeats: 0,
    callback: undefined,
  } as unknown as typeof service;
  assert.deepEqual(changed({ service: silent, turns: { ...sample().turns, failed: 0, next: undefined } }), []);
  assert.deepEqual(changed({ service: silent, turns: { ...sample().turns, failedInARow: 2, next: undefined } }), [
    '7 errors: 4 (2 since the last answer)',
  ]);
});

test('commands: an unknown one, one that came once, what holds the machine back', () => {
  const command = {
    ...(sample().command as NonNullable<StatusSnapshot['command']>),
    name: 'dance',
    known: false,
    times: 1,
  };
  assert.deepEqual(changed({ command, unknownCommands: ['dance', 'sing'], holding: 'five reboots' }), [
    '5 command: dance at 11:06:01: unknown here (warn)',
    '8 : unknown commands so far: dance, sing (warn)',
    '2 held back: five reboots (bad)',
  ]);
});

test('the last five warnings; settings that are not built in; how busy the machine is', () => {
  const warnings = Array.from({ length: 7 }, (_, i) => ({
    at: `2026-11-22T11:00:0${i}.000Z`,
    message: `w${i}`,
    times: 1,
  }));
  assert.deepEqual(
    changed({ warnings }).map((line) => line.slice(-9, -7)),
    ['w2', 'w3', 'w4', 'w5', 'w6'],
  );
  const load = {
    memoryTotalBytes: 2048 * 1024 * 1024,
    memoryAvailableBytes: 512 * 1024 * 1024,
    cpuLoad: 12.6,
    cpus: 4,
  };
  assert.deepEqual(changed({}, load), ['8 machine: 1536 MiB of 2048 MiB memory used, 13 % of 4 CPUs']);
});

test('durations in two units at most', () => {
  for (const [seconds, text] of [
    [0, '0 s'],
    [119, '119 s'],
    [120, '2 min'],
    [7199, '2 h 0 min'],
    [7140, '119 min'],
    [12_000, '3 h 20 min'],
    [172_799, '2 d 0 h'],
    [172_700, '47 h 58 min'],
    [187_200, '2 d 4 h'],
  ] as const)
    assert.equal(duration(seconds * 1000), text, String(seconds));
});
