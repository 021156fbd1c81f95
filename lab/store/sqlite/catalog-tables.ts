/** What people configure: tag rules, images, models, brokers, policies. */
import type { TagMatcher, TagRule } from '../../../platform/rules/tag-rule.ts';
import type { Broker, DiskImage, Image, ImageType, Model, Policy } from '../records.ts';
import type { Catalog, Shelf } from '../store.ts';
import { openedJson, placeOf, sealedJson, type Seals } from '../secrets/sealed-columns.ts';
import type { Database } from './database.ts';
import { number, optional, optionalNumber, parsed, rows, text, type Row } from './rows.ts';
import { newUuid } from '../uuid.ts';

type Columns = Readonly<Record<string, string | number | null>>;

/** How the records of a table are read, written and ordered. */
export interface ShelfKind<T> {
  readonly table: string;
  readonly order: string;
  readonly read: (row: Row, seals: Seals) => T;
  readonly write: (entry: Omit<T, 'uuid'>, seals: Seals, uuid: string) => Columns;
}

/** The column holds matchers, or an object with a rule. */
function conditionOf(column: TagMatcher[] | { rule: unknown[] }): Pick<TagRule, 'matchers' | 'rule'> {
  return Array.isArray(column) ? { matchers: column } : { matchers: [], rule: column.rule };
}

const tagRuleKind: ShelfKind<TagRule> = {
  table: 'tag_rule',
  order: 'id',
  read: (row) => ({
    uuid: text(row['uuid']),
    name: text(row['name']),
    tag: text(row['tag']),
    ...conditionOf(parsed<TagMatcher[] | { rule: unknown[] }>(row['matchers'])),
  }),
  write: ({ name, tag, matchers, rule }) => ({
    name,
    tag,
    matchers: JSON.stringify(rule === undefined ? matchers : { rule }),
  }),
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
    ...(row['disk'] !== null && { disk: parsed<DiskImage>(row['disk']) }),
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
    disk: image.disk === undefined ? null : JSON.stringify(image.disk),
  }),
};

const modelKind: ShelfKind<Model> = {
  table: 'model',
  order: 'id',
  read: (row, seals) => ({
    uuid: text(row['uuid']),
    label: text(row['label']),
    template: text(row['template']),
    image: optional(row['image']),
    metadata: openedJson(parsed(row['metadata']), placeOf('model', 'metadata', text(row['uuid'])), seals),
  }),
  write: ({ label, template, image, metadata }, seals, uuid) => ({
    label,
    template,
    image: image ?? null,
    metadata: JSON.stringify(sealedJson(metadata, placeOf('model', 'metadata', uuid), seals)),
  }),
};

const brokerKind: ShelfKind<Broker> = {
  table: 'broker',
  order: 'id',
  read: (row, seals) => {
    const uuid = text(row['uuid']);
    const secret = optional(row['secret']);
    return {
      uuid,
      name: text(row['name']),
      url: seals.open(text(row['url']), placeOf('broker', 'url', uuid)),
      secret: secret === undefined ? undefined : seals.open(secret, placeOf('broker', 'secret', uuid)),
      attempts: optionalNumber(row['attempts']),
    };
  },
  write: ({ name, url, secret, attempts }, seals, uuid) => ({
    name,
    url: seals.seal(url, placeOf('broker', 'url', uuid)),
    secret: secret === undefined ? null : seals.seal(secret, placeOf('broker', 'secret', uuid)),
    attempts: attempts ?? null,
  }),
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
    tries: optionalNumber(row['tries']),
    installTimeout: optionalNumber(row['install_timeout']),
    model: text(row['model']),
    broker: optional(row['broker']),
  }),
  write: ({ label, line, enabled, maximum, tags, tries, installTimeout, model, broker }) => ({
    label,
    line,
    enabled: enabled ? 1 : 0,
    maximum,
    tags: JSON.stringify(tags),
    tries: tries ?? null,
    install_timeout: installTimeout ?? null,
    model,
    broker: broker ?? null,
  }),
};

/** A shelf on a table: read once, kept until a change, of which `changed` is told. */
export function openShelf<T extends { readonly uuid: string }>(
  db: Database,
  kind: ShelfKind<T>,
  changed: () => void,
): Shelf<T> {
  let kept: readonly T[] | undefined;
  const list = (): readonly T[] =>
    (kept ??= rows(db.prepare(`SELECT * FROM ${kind.table} ORDER BY ${kind.order}`)).map((row) =>
      kind.read(row, db.seals),
    ));
  const forget = (): void => {
    kept = undefined;
    changed();
  };
  db.onUndone(forget);
  db.onApplied((changes) => {
    if (changes.has(kind.table)) forget();
  });
  const get = (uuid: string): T | undefined => list().find((entry) => entry.uuid === uuid);
  return {
    list,
    get,
    add(entry) {
      const uuid = newUuid();
      const columns = { uuid, ...kind.write(entry, db.seals, uuid) };
      const names = Object.keys(columns);
      db.prepare(`INSERT INTO ${kind.table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`).run(
        ...Object.values(columns),
      );
      forget();
      return get(uuid) as T;
    },
    replace(entry) {
      const columns = kind.write(entry, db.seals, entry.uuid);
      const sets = Object.keys(columns).map((name) => `${name} = ?`);
      db.prepare(`UPDATE ${kind.table} SET ${sets.join(', ')} WHERE uuid = ?`).run(
        ...Object.values(columns),
        entry.uuid,
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
