/** Everything that the lab remembers. Reads are plain calls; whatever changes something goes through `write`. */
import { openActiveModels, type ActiveModels } from './active-model-table.ts';
import { openCatalog, type Catalog } from './catalog-tables.ts';
import { openDatabase } from './database.ts';
import { rememberNodes } from './node-cache.ts';
import { openNodes, type Nodes } from './node-table.ts';

export type { ActiveLogEntry, ActiveModel } from './active-model-table.ts';
export type { Broker, Image, ImageType, Model, Policy, TagMatcher, TagRule } from './catalog-tables.ts';
export type { Facts, NodeRecord } from './node-table.ts';

export interface Store extends Catalog {
  readonly nodes: Nodes;
  readonly activeModels: ActiveModels;
  /** Runs `work` in a transaction; resolves with its result when that is committed. See store/database.ts. */
  write<T>(work: () => T): Promise<T>;
  close(): void;
}

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
    nodes: rememberNodes(db, openNodes(db)),
    activeModels: openActiveModels(db),
    write: (work) => db.write(work),
    close: () => db.close(),
  };
}
