/**
 * That a node was in contact is written down up to a second later, many in one transaction: a lab that is killed has
 * forgotten a second of contacts, which the next check-in repeats. Everything else is written before it is answered.
 */
import type { NodeRecord } from '../records.ts';
import type { NodeStore } from '../store.ts';
import type { Database } from './database.ts';

interface Contact {
  lastState: string;
  at: number;
  times: number;
}

export interface PendingContacts {
  /** Notes a contact; the table gets it within about a second. */
  add(id: number, lastState: string, at: number): void;
  /** Writes a node's contact now. Within a transaction. */
  settle(id: number): void;
  /** Drops what is left of a node that is removed. */
  drop(id: number): void;
  /** A row with the contact that the table does not hold yet. */
  applyTo(node: NodeRecord): NodeRecord;
}

const FLUSH_MS = 1000;
/** Contacts written in one go: between two goes requests are answered. */
const SLICE = 256;

interface PendingState {
  readonly db: Database;
  readonly table: NodeStore;
  readonly contacts: Map<number, Contact>;
  timer: NodeJS.Timeout | undefined;
}

/** Starts the list; what is left of it is written before the database is closed or copied. */
export function createPendingContacts(db: Database, table: NodeStore): PendingContacts {
  const state: PendingState = { db, table, contacts: new Map(), timer: undefined };
  db.onFlush(() => {
    clearTimeout(state.timer);
    state.timer = undefined;
    if (state.contacts.size > 0) writeSlice(state, dueContacts(state));
  });
  return {
    add: (id, lastState, at) => add(state, id, lastState, at),
    settle: (id) => settle(state, id),
    drop: (id) => void state.contacts.delete(id),
    applyTo(node) {
      const contact = state.contacts.get(node.id);
      if (!contact) return node;
      const version = node.version + contact.times;
      // another lab may have seen it since
      if (state.db.shared && contact.at < node.contact) return { ...node, version };
      return { ...node, lastState: contact.lastState, contact: contact.at, version };
    },
  };
}

function add(state: PendingState, id: number, lastState: string, at: number): void {
  const contact = state.contacts.get(id);
  if (contact) {
    contact.lastState = lastState;
    contact.at = at;
    contact.times++;
  } else state.contacts.set(id, { lastState, at, times: 1 });
  schedule(state);
}

function settle({ contacts, table }: PendingState, id: number): void {
  const contact = contacts.get(id);
  contacts.delete(id);
  if (contact) table.touch(id, contact.lastState, contact.at, contact.times);
}

function schedule(state: PendingState): void {
  state.timer ??= setTimeout(() => flushFrom(state, dueContacts(state), 0), FLUSH_MS).unref();
}

/** In the order of the table's pages. */
function dueContacts({ contacts }: PendingState): number[] {
  return [...contacts.keys()].sort((a, b) => a - b);
}

function flushFrom(state: PendingState, due: readonly number[], from: number): void {
  writeSlice(state, due.slice(from, from + SLICE));
  state.timer = undefined;
  const next = from + SLICE;
  if (next < due.length) state.timer = setTimeout(() => flushFrom(state, due, next), 1).unref();
  else if (state.contacts.size > 0) schedule(state);
}

/** What cannot be written now, on a full disk for example, is written with the next ones. */
function writeSlice(state: PendingState, ids: readonly number[]): void {
  const taken = new Map<number, Contact>();
  const work = (): void => {
    for (const id of ids) {
      const contact = state.contacts.get(id);
      if (contact) taken.set(id, contact);
      settle(state, id);
    }
  };
  state.db.lightly(work).catch(() => {
    for (const [id, contact] of taken) {
      const later = state.contacts.get(id);
      if (later) later.times += contact.times;
      else state.contacts.set(id, contact);
    }
    if (state.contacts.size > 0) schedule(state);
  });
}
