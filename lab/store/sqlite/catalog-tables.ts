/** What people tell the lab: tag rules, images, models, brokers, policies. */
import type { Database } from './database.ts';
import { number, optional, optionalNumber, parsed, rows, text, type Row } from './rows.ts';
import { newUuid } from '../uuid.ts';

export interface TagMatcher {
  readonly key: string;
  readonly compare: 'equal' | 'like';
  readonly value: string;
  readonly inverse: boolean;
}

/** A tag is given when every matcher holds; a rule without matchers gives none. */
export interface TagRule {
  readonly uuid: string;
  readonly name: string;
  /** May hold `%V=fact-%` and `%R=pattern:fact-%`. */
  readonly tag: string;
  readonly matchers: readonly TagMatcher[];
}

export type ImageType = 'mk' | 'os' | 'esxi' | 'xenserver';

export interface Image {
  readonly uuid: string;
  readonly type: ImageType;
  readonly name: string;
  readonly version: string;
  /** Directory that holds the files. */
  readonly path: string;
  /** Paths in that directory. */
  readonly kernel: string | undefined;
  readonly initrd: string | undefined;
  readonly kernelHash: string | undefined;
  readonly initrdHash: string | undefined;
  /** `sha256` … `sha512`, for the two hashes. */
  readonly hash: string | undefined;
  readonly buildTime: number | undefined;
  readonly added: number;
}

export interface Model {
  readonly uuid: string;
  readonly label: string;
  /** A template's name (lab/engine/models.ts): ubuntu_precise, vmware_esxi_5 … */
  readonly template: string;
  /** UUID of its image. */
  readonly image: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Broker {
  readonly uuid: string;
  readonly name: string;
  /** Where a finished node is handed over to, by POST. */
  readonly url: string;
}

export interface Policy {
  readonly uuid: string;
  readonly label: string;
  /** Place in the order of policies, from 0. */
  readonly line: number;
  readonly enabled: boolean;
  /** At most this many nodes; 0 for any number. */
  readonly maximum: number;
  readonly tags: readonly string[];
  /** UUID of its model. */
  readonly model: string;
  /** UUID of its broker. */
  readonly broker: string | undefined;
}

/** One kind of thing: read, add, replace, remove. Changes must be made within `Database.write`. */
export interface Shelf<T extends { readonly uuid: string }> {
  /** In order: policies by line, everything else as added. */
  list(): readonly T[];
  get(uuid: string): T | undefined;
  add(thing: Omit<T, 'uuid'>): T;
  replace(thing: T): void;
  remove(uuid: string): void;
}

export interface Catalog {
  readonly tagRules: Shelf<TagRule>;
  readonly images: Shelf<Image>;
  readonly models: Shelf<Model>;
  readonly brokers: Shelf<Broker>;
  readonly policies: Shelf<Policy>;
  /** Counts every change, so that whoever remembers something can tell that it is old. */
  readonly version: number;
}

type Columns = Readonly<Record<string, string | number | null>>;

interface ShelfKind<T> {
  readonly table: string;
  readonly order: string;
  readonly read: (row: Row) => T;
  readonly write: (thing: Omit<T, 'uuid'>) => Columns;
}

const tagRuleKind: ShelfKind<TagRule> = {
  table: 'tag_rule',
  order: 'id',
  read: (row) => ({
    uuid: text(row['uuid']),
    name: text(row['name']),
    tag: text(row['tag']),
    matchers: parsed<TagMatcher[]>(row['matchers']),
  }),
  write: ({ name, tag, matchers }) => ({ name, tag, matchers: JSON.stringify(matchers) }),
};

const imageKind: ShelfKind<Image> = {
  table: 'image',
  order: 'id',
  read: (row) => ({
    uuid: text(row['uuid']),
    type: text(row['type']) as ImageType,
    name: text(row['name']),
    version: text(row['version']),
    path: text(row['path']),
    kernel: optional(row['kernel']),
    initrd: optional(row['initrd']),
    kernelHash: optional(row['kernel_hash']),
    initrdHash: optional(row['initrd_hash']),
    hash: optional(row['hash']),
    buildTime: optionalNumber(row['build_time']),
    added: number(row['added']),
  }),
  write: (image) => ({
    type: image.type,
    name: image.name,
    version: image.version,
    path: image.path,
    kernel: image.kernel ?? null,
    initrd: image.initrd ?? null,
    kernel_hash: image.kernelHash ?? null,
    initrd_hash: image.initrdHash ?? null,
    hash: image.hash ?? null,
    build_time: image.buildTime ?? null,
    added: image.added,
  }),
};

const modelKind: ShelfKind<Model> = {
  table: 'model',
  order: 'id',
  read: (row) => ({
    uuid: text(row['uuid']),
    label: text(row['label']),
    template: text(row['template']),
    image: optional(row['image']),
    metadata: parsed<Record<string, string>>(row['metadata']),
  }),
  write: ({ label, template, image, metadata }) => ({
    label,
    template,
    image: image ?? null,
    metadata: JSON.stringify(metadata),
  }),
};

const brokerKind: ShelfKind<Broker> = {
  table: 'broker',
  order: 'id',
  read: (row) => ({ uuid: text(row['uuid']), name: text(row['name']), url: text(row['url']) }),
  write: ({ name, url }) => ({ name, url }),
};

const policyKind: ShelfKind<Policy> = {
  table: 'policy',
  order: 'line, id',
  read: (row) => ({
    uuid: text(row['uuid']),
    label: text(row['label']),
    line: number(row['line']),
    enabled: number(row['enabled']) !== 0,
    maximum: number(row['maximum']),
    tags: parsed<string[]>(row['tags']),
    model: text(row['model']),
    broker: optional(row['broker']),
  }),
  write: ({ label, line, enabled, maximum, tags, model, broker }) => ({
    label,
    line,
    enabled: enabled ? 1 : 0,
    maximum,
    tags: JSON.stringify(tags),
    model,
    broker: broker ?? null,
  }),
};

function openShelf<T extends { readonly uuid: string }>(
  db: Database,
  kind: ShelfKind<T>,
  changed: () => void,
): Shelf<T> {
  let kept: readonly T[] | undefined;
  const list = (): readonly T[] =>
    (kept ??= rows(db.prepare(`SELECT * FROM ${kind.table} ORDER BY ${kind.order}`)).map(kind.read));
  const forget = (): void => {
    kept = undefined;
    changed();
  };
  db.onUndone(forget);
  const get = (uuid: string): T | undefined => list().find((thing) => thing.uuid === uuid);
  return {
    list,
    get,
    add(thing) {
      const columns = { uuid: newUuid(), ...kind.write(thing) };
      const names = Object.keys(columns);
      db.prepare(`INSERT INTO ${kind.table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`).run(
        ...Object.values(columns),
      );
      forget();
      return get(columns.uuid) as T;
    },
    replace(thing) {
      const columns = kind.write(thing);
      const sets = Object.keys(columns).map((name) => `${name} = ?`);
      db.prepare(`UPDATE ${kind.table} SET ${sets.join(', ')} WHERE uuid = ?`).run(
        ...Object.values(columns),
        thing.uuid,
      );
      forget();
    },
    remove(uuid) {
      db.prepare(`DELETE FROM ${kind.table} WHERE uuid = ?`).run(uuid);
      forget();
    },
  };
}

/** The shelves. What they hold is read once and kept until a change. */
export function openCatalog(db: Database): Catalog {
  let version = 1;
  const changed = (): void => void version++;
  return {
    tagRules: openShelf(db, tagRuleKind, changed),
    images: openShelf(db, imageKind, changed),
    models: openShelf(db, modelKind, changed),
    brokers: openShelf(db, brokerKind, changed),
    policies: openShelf(db, policyKind, changed),
    get version() {
      return version;
    },
  };
}
