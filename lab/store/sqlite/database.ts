/**
 * The lab's database: one SQLite file (or memory), migrated at start. Requests that arrive together share one
 * transaction and one fsync; nobody is answered before the commit, so what was acknowledged survives a kill -9.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import { MIGRATIONS } from './migrations.ts';

export interface Database {
  /**
   * Runs `work` in the current group's transaction, in a savepoint of its own: when it throws, only its own changes are
   * undone and the promise is rejected. Resolves after the commit.
   */
  write<T>(work: () => T): Promise<T>;
  /**
   * Runs `work` in a transaction of its own that is not waited for on the disk: it survives the end of the process, not that
   * of the machine's power. For what will soon be told anew. Throws what `work` throws, its changes undone.
   */
  lightly(work: () => void): void;
  /** A prepared statement, kept. */
  prepare(sql: string): StatementSync;
  /** Calls `listener` after changes were undone, for whoever remembers what it read. */
  onUndone(listener: () => void): void;
  /** Calls `listener` before the end, for whoever has something left to write. */
  onClose(listener: () => void): void;
  /** Commits what is open and closes the file. */
  close(): void;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Opens `path` (`:memory:` for none) and brings its schema up to date. Throws RAZOR_MK_LAB_DB. */
export function openDatabase(path: string): Database {
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(path);
    // exclusive: what the lab keeps in memory would grow stale beside another writer
    db.exec('PRAGMA busy_timeout=1000; PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL');
    db.exec(
      'PRAGMA foreign_keys=ON; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000; BEGIN EXCLUSIVE; COMMIT',
    );
    migrate(db);
  } catch (error) {
    const why = /locked|busy/i.test(messageOf(error)) ? 'another lab has it open' : messageOf(error);
    throw new RazorMkError('RAZOR_MK_LAB_DB', `cannot open the database ${path}: ${why}`, { cause: error });
  }
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (!statement) statements.set(sql, (statement = db.prepare(sql)));
    return statement;
  };
  let waiters: Waiter[] | undefined;
  const listeners: (() => void)[] = [];
  const closers: (() => void)[] = [];
  const undone = (): void => listeners.forEach((listener) => listener());
  const commit = (): void => {
    if (!waiters) return;
    const group = waiters;
    waiters = undefined;
    try {
      prepare('COMMIT').run();
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      undone();
      for (const waiter of group) waiter.reject(error);
      return;
    }
    for (const waiter of group) waiter.resolve();
  };
  return {
    prepare,
    async write(work) {
      if (!waiters) {
        prepare('BEGIN IMMEDIATE').run();
        waiters = [];
        setImmediate(commit);
      }
      prepare('SAVEPOINT one').run();
      let result;
      try {
        result = work();
        prepare('RELEASE one').run();
      } catch (error) {
        prepare('ROLLBACK TO one').run();
        prepare('RELEASE one').run();
        undone();
        throw error;
      }
      const group = waiters;
      await new Promise<void>((resolve, reject) => group.push({ resolve, reject }));
      return result;
    },
    lightly(work) {
      commit();
      db.exec('PRAGMA synchronous=NORMAL; BEGIN IMMEDIATE');
      try {
        work();
        db.exec('COMMIT');
      } catch (error) {
        if (db.isTransaction) db.exec('ROLLBACK');
        undone();
        throw error;
      } finally {
        db.exec('PRAGMA synchronous=FULL');
      }
    },
    onUndone: (listener) => void listeners.push(listener),
    onClose: (listener) => void closers.push(listener),
    close() {
      closers.forEach((listener) => listener());
      commit();
      statements.clear();
      db.close();
    },
  };
}

function migrate(db: DatabaseSync): void {
  const row = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (row.user_version > MIGRATIONS.length) {
    throw new Error(`it was written by a newer version (schema ${row.user_version}, known ${MIGRATIONS.length})`);
  }
  for (let version = row.user_version; version < MIGRATIONS.length; version++) {
    db.exec(`BEGIN; ${MIGRATIONS[version] as string}; PRAGMA user_version=${version + 1}; COMMIT`);
  }
}
