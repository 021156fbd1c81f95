/** Opens the store that was asked for. */
import { RazorMkError } from '../../platform/errors/errors.ts';
import { openStore } from './sqlite/open-store.ts';
import type { SharedEvents, Store } from './store.ts';

/** Whether a database is PostgreSQL's, not a file of SQLite's. */
export function isPostgresUrl(database: string): boolean {
  return /^postgres(ql)?:/i.test(database);
}

/** What is wrong where labs on PostgreSQL were given no key file. */
export function secretsKeyMissing(): RazorMkError {
  return new RazorMkError('RAZOR_MK_USAGE', '--database needs --secrets-key', {
    remedy: 'Give a file for the key of the secrets in the database; the first lab makes it, the others get a copy.',
  });
}

/**
 * The store in a file, in memory (`:memory:`), or at a URL of PostgreSQL; `keyFile` has the keys of its secrets. Throws
 * RAZOR_MK_LAB_DB, RAZOR_MK_LAB_SECRETS and RAZOR_MK_USAGE.
 */
export async function openLabStore(
  database: string,
  events: SharedEvents,
  keyFile: string | undefined,
): Promise<Store> {
  if (!isPostgresUrl(database)) return openStore(database, keyFile);
  if (keyFile === undefined) throw secretsKeyMissing();
  const { openPostgresStore } = await import('./postgres/open-postgres-store.ts');
  return await openPostgresStore(database, events, keyFile);
}
