/** Opens the store that was asked for. */
import { openStore } from './sqlite/open-store.ts';
import type { SharedEvents, Store } from './store.ts';

/** Whether a database is PostgreSQL's, not a file of SQLite's. */
export function isPostgresUrl(database: string): boolean {
  return /^postgres(ql)?:/i.test(database);
}

/** The store in a file, in memory (`:memory:`), or at a URL of PostgreSQL. Throws RAZOR_MK_LAB_DB and RAZOR_MK_USAGE. */
export async function openLabStore(database: string, events: SharedEvents): Promise<Store> {
  if (!isPostgresUrl(database)) return openStore(database);
  const { openPostgresStore } = await import('./postgres/open-postgres-store.ts');
  return await openPostgresStore(database, events);
}
