/** Where each line of console and log comes from. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentEvent } from '../../../agent/loop/events.ts';
import { createEventText, type EventText } from '../../../agent/node/event-text.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';

function written(member: keyof EventText, events: readonly AgentEvent[]): string[] {
  const textOf = createEventText();
  return events.map((event) => textOf(event)[member]).filter((line) => line !== undefined);
}

test('the console alone gets the server once, warnings, a rollback, and that the machine goes down', () => {
  const found = { event: 'discovered', source: 'DNS name razor', candidates: [], steps: [] } as const;
  const lines = written('console', [
    { event: 'waiting', ms: 1, reason: 'the next turn' },
    { ...found, server: 'http://10.0.0.1:8026' },
    { ...found, server: 'http://10.0.0.1:8026' },
    { ...found, server: 'http://10.0.0.2:8026' },
    { event: 'warning', message: 'reboot for the 6th time' },
    { event: 'config-rollback', reason: '3 check-ins in a row failed' },
    { event: 'leaving', what: 'the machine restarts', server: 'http://10.0.0.1:8026' },
  ]);
  assert.deepEqual(lines, [
    'razor-mk: server http://10.0.0.1:8026, found by DNS name razor',
    'razor-mk: server http://10.0.0.2:8026, found by DNS name razor',
    'razor-mk: reboot for the 6th time',
    'razor-mk: pushed configuration rolled back: 3 check-ins in a row failed',
    'razor-mk: the machine restarts, because http://10.0.0.1:8026 said so. This is the last line.',
  ]);
});

test('console and output get each failed command, an unknown one once, and each round without a server', () => {
  const failed = {
    event: 'command-failed',
    name: 'wipe',
    message: '/x/wipe failed.\nline 2',
    remedy: 'Look at it.',
  } as const;
  const unknown = { event: 'command', name: 'dance', known: false, destructive: false, plan: [] } as const;
  const { remedy } = new RazorMkError('RAZOR_MK_NO_SERVER', '');
  const none = { event: 'error', code: 'RAZOR_MK_NO_SERVER', message: 'no server: DNS: no, SRV: no', remedy } as const;
  const lines = written('both', [
    failed,
    failed,
    unknown,
    unknown,
    { ...unknown, name: 'reboot', known: true },
    none,
    none,
    { ...none, code: 'RAZOR_MK_HTTP' },
  ]);
  assert.deepEqual(lines.slice(0, 3), [
    'razor-mk: the command wipe failed: /x/wipe failed. What to do: Look at it.',
    'razor-mk: the command wipe failed: /x/wipe failed. What to do: Look at it.',
    'razor-mk: the server asks for the command dance, which this agent does not know. What to do: put an executable of that name into the commands directory, or look at the policy on the server.',
  ]);
  assert.equal(lines.length, 5);
  assert.match(lines[3] ?? '', /^discovery: no server\. Check: Give razor\.ip=.* Trying again, without end\.$/);
});

test('the log gets a line for each step of a turn, and the reason of a wait only when it is another', () => {
  const checkin = { event: 'checkin', server: 'http://a', firstCheckin: true, command: 'register', turn: 1 } as const;
  const lines = written('log', [
    { event: 'collected', facts: 84, durationMs: 41.6, errors: 0, nodeId: 'n1', note: 'a note' },
    { ...checkin, durationMs: 4.4 },
    { ...checkin, durationMs: 1, asked: false },
    { event: 'command', name: 'acknowledge', known: true, destructive: false, plan: ['do nothing'] },
    { event: 'waiting', ms: 60_000, reason: 'the next turn' },
    { event: 'waiting', ms: 60_000, reason: 'the next turn' },
    { event: 'waiting', ms: 1500, reason: 'after 1 failed turn' },
    { event: 'waiting', ms: 60_000, reason: 'the next turn' },
    { event: 'step', name: 'network', state: 'running', note: '' },
    { event: 'warning', message: 'the log has it already' },
  ]);
  assert.deepEqual(lines, [
    '84 facts in 42 ms, this machine is n1 (a note)',
    'checked in for the first time: the server says register (4 ms)',
    'waiting 60.0 s: the next turn',
    'waiting 1.5 s: after 1 failed turn',
    'waiting 60.0 s: the next turn',
  ]);
});
