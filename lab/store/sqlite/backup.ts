/** Copies of a database that is in use: taken whole, recognised when they are not, and put back while the lab runs. */
import { chmodSync, closeSync, existsSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import { secretKeyOf } from '../secrets/seal-file.ts';
import { checkSecretsKey, type SecretKeyRow } from '../secrets/secrets-key.ts';
import { MIGRATIONS } from './migrations.ts';

/** The application id in the header while a lab has the file open, and after it closed it ("RML1", "RML0"). */
const OPEN_ID = 0x524d4c31;
const CLOSED_ID = 0x524d4c30;
/** Where the header holds it (fileformat2.html, section 1.3). */
const ID_OFFSET = 68;

/**
 * Throws RAZOR_MK_LAB_DB for a copy of a file that a lab had open, made without its journal: what is not in the file yet, often
 * everything, would be missing without a word. A lab that was killed leaves the journal beside the file.
 */
export function refusePartialCopy(path: string): void {
  if (headerId(path) !== OPEN_ID || existsSync(`${path}-wal`)) return;
  throw new RazorMkError(
    'RAZOR_MK_LAB_DB',
    `${path} was copied while a lab had it open, without its journal ${path}-wal`,
    {
      remedy: `Make copies with razor-mk lab backup FILE. If another program has taken the journal in, the file is complete: sqlite3 ${path} 'PRAGMA application_id=0'.`,
    },
  );
}

function headerId(path: string): number | undefined {
  if (!existsSync(path) || statSync(path).size < ID_OFFSET + 4) return undefined;
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(4);
    readSync(fd, bytes, 0, 4, ID_OFFSET);
    return bytes.readUInt32BE(0);
  } finally {
    closeSync(fd);
  }
}

/** Marks the file as open, in the file itself and not in its journal. */
export function markOpen(db: DatabaseSync): void {
  db.exec(`PRAGMA application_id=${OPEN_ID}; PRAGMA wal_checkpoint(TRUNCATE)`);
}

/** Marks the file as complete. */
export function markClosed(db: DatabaseSync): void {
  db.exec(`PRAGMA application_id=${CLOSED_ID}`);
}

/**
 * Writes a whole copy to `path`, a few pages at a time, so that requests go on; later changes are in it too. Only its owner may
 * read it. Throws RAZOR_MK_FILE_UNWRITABLE, also where the file exists.
 */
export async function backupTo(db: DatabaseSync, path: string): Promise<void> {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNWRITABLE', `cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
  try {
    await backup(db, path, { rate: 500 });
    const copy = new DatabaseSync(path);
    copy.exec('PRAGMA journal_mode=DELETE');
    markClosed(copy);
    copy.close();
    chmodSync(path, 0o600);
  } catch (error) {
    rmSync(path, { force: true });
    throw new RazorMkError('RAZOR_MK_FILE_UNWRITABLE', `cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Replaces everything in `db` by what a backup holds, in one transaction. The backup is checked first and must have the schema of
 * this version, and a key that the ring has. Throws RAZOR_MK_LAB_DB and RAZOR_MK_LAB_SECRETS, and then nothing has changed.
 */
export function restoreFrom(db: DatabaseSync, path: string, ring: KeyRing): void {
  checkBackup(path, ring);
  db.prepare('ATTACH ? AS backup').run(path);
  try {
    db.exec('BEGIN IMMEDIATE; PRAGMA defer_foreign_keys=ON');
    const replaced = tablesOf(db).filter((table) => table !== 'audit' && table !== 'sqlite_sequence');
    for (const table of replaced) db.exec(`DELETE FROM main."${table}"`);
    for (const table of replaced) db.exec(`INSERT INTO main."${table}" SELECT * FROM backup."${table}"`);
    db.exec(SEQUENCES);
    db.exec(AUDIT);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw fault(path, messageOf(error));
  } finally {
    db.exec('DETACH backup');
  }
}

/** A number that was once a node's is never given again: neither one of the backup nor one of this lab. */
const SEQUENCES = `UPDATE main.sqlite_sequence SET seq = max(seq,
  coalesce((SELECT seq FROM backup.sqlite_sequence AS old WHERE old.name = main.sqlite_sequence.name), 0));
  INSERT INTO main.sqlite_sequence SELECT name, seq FROM backup.sqlite_sequence
    WHERE name NOT IN (SELECT name FROM main.sqlite_sequence)`;

/** Nobody takes a line out of the audit log by restoring an older state: what the backup has more is added. */
const AUDIT = `INSERT INTO main.audit (at, who, address, action, status, details)
  SELECT at, who, address, action, status, details FROM backup.audit AS old WHERE NOT EXISTS (
    SELECT 1 FROM main.audit AS new WHERE new.at = old.at AND new.who = old.who AND new.action = old.action
      AND new.address = old.address AND new.status = old.status) ORDER BY old.id`;

function tablesOf(db: DatabaseSync): string[] {
  const sql =
    "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND (name NOT LIKE 'sqlite_%' OR name = 'sqlite_sequence')";
  return db
    .prepare(sql)
    .all()
    .map((row) => String(row['name']));
}

/**
 * Throws RAZOR_MK_LAB_DB where a file is not a whole copy with the schema of this version, and RAZOR_MK_LAB_SECRETS where a ring is
 * given that does not have its key. The result is the row of that key.
 */
export function checkBackup(path: string, ring?: KeyRing): SecretKeyRow | undefined {
  if (!existsSync(path)) throw fault(path, 'there is no such file');
  refusePartialCopy(path);
  let version: number;
  let intact: unknown;
  let key: SecretKeyRow | undefined;
  try {
    const copy = new DatabaseSync(path, { readOnly: true });
    try {
      version = Number(Object.values(copy.prepare('PRAGMA user_version').get() ?? {})[0]);
      intact = Object.values(copy.prepare('PRAGMA integrity_check(1)').get() ?? {})[0];
      if (version === MIGRATIONS.length) key = secretKeyOf(copy);
    } finally {
      copy.close();
    }
  } catch (error) {
    throw fault(path, messageOf(error));
  }
  if (version !== MIGRATIONS.length) throw fault(path, `it has schema ${version}, this lab has ${MIGRATIONS.length}`);
  if (intact !== 'ok') throw fault(path, `it is damaged: ${String(intact)}`);
  if (key && ring) checkSecretsKey(key, ring, path);
  return key;
}

function fault(path: string, why: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_LAB_DB', `cannot restore ${path}: ${why}`, {
    remedy: 'Give a file that razor-mk lab backup wrote; nothing has been changed.',
  });
}
