/**
 * The lab's database: one SQLite file (or memory), migrated at start. Requests that arrive together share one
 * transaction and one fsync; nobody is answered before the commit, so what was acknowledged survives a kill -9.
 */
import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import type { Changes } from '../changes.ts';
import { keysInMemory, openKeyFile, type KeyRing } from '../secrets/key-ring.ts';
import { sealFile } from '../secrets/seal-file.ts';
import type { Seals } from '../secrets/sealed-columns.ts';
import { createSeals, currentKey } from '../secrets/secrets-key.ts';
import { backupTo, markClosed, markOpen, refusePartialCopy, restoreFrom } from './backup.ts';
import { migrate } from './migrations.ts';

/** The open file. */
export interface Database {
  /** Other labs write to it too. */
  readonly shared: boolean;
  /** Seals and opens what is secret. */
  readonly seals: Seals;
  /** The keys for that. */
  readonly ring: KeyRing;
  /**
   * Runs `work` in the current group's transaction, in a savepoint of its own: when it throws, only its own changes are
   * undone and the promise is rejected. Resolves after the commit.
   */
  write<T>(work: () => T): Promise<T>;
  /**
   * Runs `work` in a transaction that is not waited for on the disk: it survives the end of the process, not that of the
   * machine's power. For what the next check-in repeats. Rejects with what `work` throws, its changes undone.
   */
  lightly(work: () => void): Promise<void>;
  /** A prepared statement, kept. */
  prepare(sql: string): StatementSync;
  /** Calls `listener` after changes were undone, for caches. */
  onUndone(listener: () => void): void;
  /** Calls `listener` after rows were changed that no call on the tables has changed: by another lab, or undone. */
  onApplied(listener: (changes: Changes) => void): void;
  /** Calls `listener` before the end, a backup and a restore, for what is left to write. */
  onFlush(listener: () => void): void;
  /** Writes a whole copy of the open database. Throws RAZOR_MK_FILE_UNWRITABLE. */
  backup(path: string): Promise<void>;
  /** Replaces everything by what a backup holds. Throws RAZOR_MK_LAB_DB, and then nothing has changed. */
  restore(path: string): Promise<void> | void;
  /** Commits what is open and closes the file. */
  close(): Promise<void> | void;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface DatabaseState {
  readonly db: DatabaseSync;
  readonly statements: Map<string, StatementSync>;
  readonly undoneListeners: (() => void)[];
  readonly flushListeners: (() => void)[];
  /** The group whose transaction is open: who waits for its commit. */
  group: Waiter[] | undefined;
}

/** The file with the keys of a database, where none is named. */
export function keyFileBeside(path: string): string {
  return `${path}.key`;
}

/**
 * Opens `path` (`:memory:` for none) and brings its schema up to date. `keyFile` has the keys of its secrets. Throws RAZOR_MK_LAB_DB
 * and RAZOR_MK_LAB_SECRETS.
 */
export function openDatabase(path: string, keyFile = keyFileBeside(path)): Database {
  const ring = path === ':memory:' ? keysInMemory() : openKeyFile(keyFile);
  const state: DatabaseState = {
    db: openFile(path, ring),
    statements: new Map(),
    undoneListeners: [],
    flushListeners: [],
    group: undefined,
  };
  return {
    shared: false,
    ring,
    seals: createSeals(ring, () => currentKey({ prepare: (sql) => prepare(state, sql) }), path),
    prepare: (sql) => prepare(state, sql),
    write: (work) => write(state, work),
    lightly: async (work) => writeLightly(state, work),
    onApplied: () => undefined,
    onUndone: (listener) => void state.undoneListeners.push(listener),
    onFlush: (listener) => void state.flushListeners.push(listener),
    async backup(path) {
      flush(state);
      await backupTo(state.db, path);
    },
    restore(path) {
      flush(state);
      restoreFrom(state.db, path, ring);
      notifyUndone(state);
    },
    close() {
      state.flushListeners.forEach((listener) => listener());
      commit(state);
      state.statements.clear();
      markClosed(state.db);
      state.db.close();
    },
  };
}

function openFile(path: string, ring: KeyRing): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    if (path !== ':memory:') {
      refusePartialCopy(path);
      keepPrivate(path);
    }
    db = new DatabaseSync(path);
    // exclusive: what the lab keeps in memory would grow stale beside another writer
    db.exec('PRAGMA busy_timeout=1000; PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL');
    db.exec(
      'PRAGMA foreign_keys=ON; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000; BEGIN EXCLUSIVE; COMMIT',
    );
    const fresh = migrate(db) === 0;
    sealFile(db, ring, { where: path, fresh });
    if (path !== ':memory:') markOpen(db);
    return db;
  } catch (error) {
    db?.close();
    if (error instanceof RazorMkError) throw error;
    const taken = /locked|busy/i.test(messageOf(error));
    const why = taken ? 'another lab has it open' : messageOf(error);
    const remedy = 'Stop the other lab, or give this one a file of its own; the verbs (lab node …) need no database.';
    throw new RazorMkError('RAZOR_MK_LAB_DB', `cannot open the database ${path}: ${why}`, {
      cause: error,
      ...(taken && { remedy }),
    });
  }
}

/**
 * The file holds facts, and hashes of passwords: only its owner may read it, whatever the umask. SQLite gives its journal the mode
 * of the file.
 */
function keepPrivate(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
}

function prepare({ db, statements }: DatabaseState, sql: string): StatementSync {
  let statement = statements.get(sql);
  if (!statement) statements.set(sql, (statement = db.prepare(sql)));
  return statement;
}

async function write<T>(state: DatabaseState, work: () => T): Promise<T> {
  if (!state.group) {
    prepare(state, 'BEGIN IMMEDIATE').run();
    state.group = [];
    setImmediate(commit, state);
  }
  prepare(state, 'SAVEPOINT one').run();
  let result: T;
  try {
    result = work();
    prepare(state, 'RELEASE one').run();
  } catch (error) {
    undoOne(state, error);
    throw error;
  }
  const group = state.group;
  await new Promise<void>((resolve, reject) => group.push({ resolve, reject }));
  return result;
}

/**
 * Undoes one write of the group. A full disk or an I/O error makes SQLite undo the whole transaction within a statement
 * (lang_transaction.html, "Response To Errors Within A Transaction"): then the group is gone, and all of it is rejected.
 */
function undoOne(state: DatabaseState, error: unknown): void {
  if (state.db.isTransaction) {
    prepare(state, 'ROLLBACK TO one').run();
    prepare(state, 'RELEASE one').run();
    notifyUndone(state);
  } else rejectGroup(state, error);
}

function commit(state: DatabaseState): void {
  const { group } = state;
  if (!group) return;
  try {
    prepare(state, 'COMMIT').run();
  } catch (error) {
    if (state.db.isTransaction) state.db.exec('ROLLBACK');
    rejectGroup(state, error);
    return;
  }
  state.group = undefined;
  for (const waiter of group) waiter.resolve();
}

function rejectGroup(state: DatabaseState, error: unknown): void {
  const group = state.group ?? [];
  state.group = undefined;
  notifyUndone(state);
  for (const waiter of group) waiter.reject(error);
}

/** Writes what is pending, so that the file holds everything that was answered. */
function flush(state: DatabaseState): void {
  state.flushListeners.forEach((listener) => listener());
  commit(state);
}

function notifyUndone({ undoneListeners }: DatabaseState): void {
  undoneListeners.forEach((listener) => listener());
}

function writeLightly(state: DatabaseState, work: () => void): void {
  const { db } = state;
  commit(state);
  db.exec('PRAGMA synchronous=NORMAL; BEGIN IMMEDIATE');
  try {
    work();
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    notifyUndone(state);
    throw error;
  } finally {
    db.exec('PRAGMA synchronous=FULL');
  }
}
