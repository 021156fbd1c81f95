/** The store in SQLite. */
import type { Store } from '../store.ts';
import { openActiveModels } from './active-model-table.ts';
import { openCatalog } from './catalog-tables.ts';
import { openDatabase } from './database.ts';
import { cacheNodes } from './node-cache.ts';
import { openNodeTable } from './node-table.ts';
import { openPeople } from './people-tables.ts';

/** Opens the store in `path` (`:memory:` for none). Throws RAZOR_MK_LAB_DB. */
export function openStore(path: string): Store {
  const db = openDatabase(path);
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
    write: (work) => db.write(work),
    backup: (path) => db.backup(path),
    restore: (path) => db.restore(path),
    close: () => db.close(),
  };
}
