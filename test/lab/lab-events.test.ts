import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { createEvents, type LabEvent, type LabEvents } from '../../lab/lab-events.ts';
import type { SharedEvent } from '../../lab/store/store.ts';

const messages = (events: readonly LabEvent[]): string[] => events.map(({ message }) => message);

function some(count: number, events: LabEvents): void {
  for (let i = 1; i <= count; i++) events.emit({ type: 'changed', message: String(i) });
}

describe('the event log', () => {
  it('counts from 1 and says when, and gives what came after a number, oldest first', () => {
    const events = createEvents(() => 77);
    assert.equal(events.last, 0);
    assert.deepEqual(events.since(0), []);
    some(3, events);
    assert.equal(events.last, 3);
    assert.deepEqual(events.since(2), [{ seq: 3, at: 77, type: 'changed', message: '3' }]);
    assert.deepEqual(messages(events.since(1)), ['2', '3']);
    assert.deepEqual(events.since(3), []);
  });

  it('gives the events of one node where it is asked for one', () => {
    const events = createEvents(() => 0);
    for (const node of ['a', 'b', 'a']) events.emit({ type: 'boot', node, message: `${node}${events.last}` });
    events.emit({ type: 'started', message: 'of no node' });
    assert.deepEqual(messages(events.since(0, 'a')), ['a0', 'a2']);
    assert.deepEqual(events.since(0, 'c'), []);
  });

  it('keeps 5,000, before and after the older ones are thrown away', () => {
    const events = createEvents(() => 0);
    some(9999, events);
    assert.equal(events.since(0).length, 5000);
    assert.equal(events.since(0)[0]?.seq, 5000);
    some(1, events);
    assert.equal(events.since(0)[0]?.seq, 5001);
    assert.equal(events.since(0).at(-1)?.seq, 10_000);
    assert.equal(events.last, 10_000);
  });

  it('calls each listener until it leaves, whatever another one throws', () => {
    const events = createEvents(() => 0);
    const heard: string[] = [];
    events.subscribe(() => {
      throw new Error('a page that went away');
    });
    const leave = events.subscribe(({ message }) => heard.push(message));
    some(2, events);
    leave();
    some(1, events);
    assert.deepEqual(heard, ['1', '2']);
  });

  it('waits for an event that is kept or to come', async () => {
    const events = createEvents(() => 0);
    some(2, events);
    assert.equal((await events.waitFor(({ message }) => message === '2')).seq, 2);
    const coming = events.waitFor(({ seq }) => seq > 2);
    some(2, events);
    assert.equal((await coming).seq, 3);
  });

  it('waits no longer than its signal says, which may have been aborted before', async () => {
    const events = createEvents(() => 0);
    const stop = new AbortController();
    const waiting = events.waitFor(() => false, stop.signal);
    stop.abort(new Error('enough'));
    await assert.rejects(waiting, /enough/);
    some(1, events);
    const late = events.waitFor(() => true, stop.signal);
    await assert.rejects(late, /enough/);
  });

  it('leaves nothing at its signal once the event has come, and looks at no other', async () => {
    const events = createEvents(() => 0);
    const { signal } = new AbortController();
    const looked: number[] = [];
    const waiting = events.waitFor(({ seq }) => looked.push(seq) > 1, signal);
    some(3, events);
    assert.equal((await waiting).seq, 2);
    assert.deepEqual(looked, [1, 2]);
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });
});

describe('events that labs share', () => {
  it('are heard by others as they are said, but for check-ins that changed nothing', () => {
    const events = createEvents(() => 5);
    const said: SharedEvent[] = [];
    events.onSaid((event) => said.push(event));
    events.emit({ type: 'checkin', command: 'acknowledge', message: 'idle' });
    events.emit({ type: 'checkin', command: 'reboot', message: 'reboots' });
    events.emit({ type: 'command', command: 'acknowledge', message: 'forced' });
    events.say('the database is away');
    assert.deepEqual(said.slice(0, 2), [
      { at: 5, type: 'checkin', command: 'reboot', message: 'reboots' },
      { at: 5, type: 'command', command: 'acknowledge', message: 'forced' },
    ]);
    assert.deepEqual(said[2], { at: 5, type: 'failed', message: 'the database is away' });
    assert.equal(events.last, 4);
  });

  it('are held while a transaction runs, said when it is over, and lost where it throws', () => {
    const events = createEvents(() => 5);
    const said: SharedEvent[] = [];
    events.onSaid((event) => said.push(event));
    const { result, held } = events.hold(() => {
      some(2, events);
      return events.last;
    });
    assert.equal(result, 0);
    assert.equal(events.last, 0);
    events.publish(held);
    assert.deepEqual(messages(events.since(0)), ['1', '2']);
    const failing = (): never => {
      some(1, events);
      throw new Error('rolled back');
    };
    assert.throws(() => events.hold(failing), /rolled back/);
    assert.equal(events.last, 2);
    assert.deepEqual(said, [], 'what was held is shared by the database');
    some(1, events);
    assert.equal(said.length, 1);
  });

  it('of another lab bear its name', () => {
    const events = createEvents(() => 5);
    events.adopt('rack-2', [{ at: 3, type: 'bound', message: 'there' }]);
    assert.deepEqual(events.since(0), [{ seq: 1, at: 3, type: 'bound', message: 'there', lab: 'rack-2' }]);
  });
});
