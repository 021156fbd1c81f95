/** The store on a database with SQLite's tables: a file, memory, or a replica of PostgreSQL. */
import type { Standing, Store } from '../store.ts';
import { openActiveModels } from './active-model-table.ts';
import { rotateSecrets } from '../secrets/rotate.ts';
import { openCatalog } from './catalog-tables.ts';
import { openDatabase, type Database } from './database.ts';
import { cacheNodes } from './node-cache.ts';
import { openNodeTable } from './node-table.ts';
import { openPeople } from './people-tables.ts';

/** A database of one lab. */
const ALONE: Standing = { leads: true, away: undefined, clockOffset: 0 };

/** Opens the store in `path` (`:memory:` for none); `keyFile` has the keys of its secrets. Throws RAZOR_MK_LAB_DB, RAZOR_MK_LAB_SECRETS. */
export function openStore(path: string, keyFile?: string): Store {
  return storeOn(openDatabase(path, keyFile), ALONE);
}

/** The store on an open database. */
export function storeOn(db: Database, standing: Standing): Store {
  const catalog = openCatalog(db);
  return {
    tagRules: catalog.tagRules,
    images: catalog.images,
    models: catalog.models,
    brokers: catalog.brokers,
    policies: catalog.policies,
    get version() {
      return catalog.version;
    },
    nodes: cacheNodes(db, openNodeTable(db)),
    activeModels: openActiveModels(db),
    people: openPeople(db),
    get standing() {
      return standing;
    },
    write: (work) => db.write(work),
    backup: (path) => db.backup(path),
    restore: async (path) => await db.restore(path),
    rotateSecrets: () => rotateSecrets(db),
    close: async () => await db.close(),
  };
}
