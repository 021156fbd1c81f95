/**
 * Everything that the lab remembers, as an interface. Reads are plain calls; whatever changes something goes through
 * `write`. The implementations are store/sqlite, and store/postgres on top of it.
 */
import type { RazorMkError } from '../../platform/errors/errors.ts';
import type { TagRule } from '../../platform/rules/tag-rule.ts';
import type { AuditEntry, Credential, LabOperator } from './people.ts';
import type {
  ActiveLogEntry,
  ActiveModel,
  Broker,
  Facts,
  HandOver,
  Image,
  Model,
  NodeRecord,
  Policy,
} from './records.ts';

/** What may change of a node; null takes a value back. */
export interface NodeChanges {
  readonly dhcpMac?: string;
  readonly allowed?: boolean;
  readonly installed?: string | null;
  readonly forcedAction?: string | null;
  readonly forcedParam?: Readonly<Record<string, unknown>> | null;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Known machines. Everything that changes must be called within `Store.write`. */
export interface NodeStore {
  get(uuid: string): NodeRecord | undefined;
  byId(id: number): NodeRecord | undefined;
  /** Nodes that share at least one of the ids, the one that shares most first, then the one seen last. */
  find(hwIds: readonly string[]): readonly NodeRecord[];
  /** In order of creation. */
  list(): readonly NodeRecord[];
  /** Those whose number is above `id`, in order of creation. */
  after(id: number, limit: number): readonly NodeRecord[];
  /** Those whose UUID begins so. */
  startingWith(uuid: string, limit: number): readonly NodeRecord[];
  /** A page of them, the youngest first. */
  newest(limit: number, offset: number): readonly NodeRecord[];
  count(): number;
  /** Every id with the number of its node. */
  owners(): readonly (readonly [hwId: string, node: number])[];
  hwIds(id: number): readonly string[];
  /** Facts as they were sent; `{}` before the first register. */
  facts(id: number): Facts;
  create(node: { dialect: string; hwIds: readonly string[]; at: number; allowed: boolean }): NodeRecord;
  /** One check-in: last state and time. */
  touch(id: number, lastState: string, at: number, times?: number): void;
  update(id: number, changes: NodeChanges): void;
  /** Replaces all facts. */
  setFacts(id: number, facts: Facts, lastState: string, at: number): void;
  /** Adds ids that it has not; they are taken from every other node. */
  addHwIds(id: number, hwIds: readonly string[]): void;
  setHwIds(id: number, hwIds: readonly string[]): void;
  remove(id: number): void;
  /** Whether any node has a fact of this name; looks at every node. */
  anyHasFact(name: string): boolean;
  /** Numbers from `first` to `last` of nodes that hold a text in UUID, ids, facts or metadata, whatever the case of A to Z. */
  containing(text: string, first: number, last: number): readonly number[];
  /** Unbound nodes of the given dialects without a contact since `before`. */
  silent(before: number, dialects: readonly string[]): readonly NodeRecord[];
}

/** An active model as it is bound: not tried yet. */
export type NewBinding = Omit<ActiveModel, 'id' | 'uuid' | 'counter' | 'tries' | 'tried' | 'overdue' | 'handOver'>;

/** Policies at work. Everything that changes must be called within `Store.write`. */
export interface ActiveModelStore {
  list(): readonly ActiveModel[];
  get(uuid: string): ActiveModel | undefined;
  ofNode(node: number): ActiveModel | undefined;
  /** How many there are in each state. */
  states(): ReadonlyMap<string, number>;
  /** How many nodes a policy has bound. */
  countOf(policy: string): number;
  /** Those whose installer was booted and has not come to its end. */
  installing(): readonly ActiveModel[];
  bind(binding: NewBinding): ActiveModel;
  setTry(active: ActiveModel, last: Pick<ActiveModel, 'tries' | 'tried' | 'overdue'>): void;
  setHandOver(uuid: string, handOver: HandOver): void;
  /** Writes a log line, and the new state where it changed. */
  record(active: ActiveModel, entry: ActiveLogEntry): void;
  /** Oldest first; the last `limit` entries. */
  log(id: number, limit?: number): readonly ActiveLogEntry[];
  remove(uuid: string): void;
}

/** One kind of record: read, add, replace, remove. Changes must be made within `Store.write`. */
export interface Shelf<T extends { readonly uuid: string }> {
  /** In order: policies by line, everything else as added. */
  list(): readonly T[];
  get(uuid: string): T | undefined;
  add(entry: Omit<T, 'uuid'>): T;
  replace(entry: T): void;
  remove(uuid: string): void;
}

/** What people configure. */
export interface Catalog {
  readonly tagRules: Shelf<TagRule>;
  readonly images: Shelf<Image>;
  readonly models: Shelf<Model>;
  readonly brokers: Shelf<Broker>;
  readonly policies: Shelf<Policy>;
  /** Counts every change, so that a cache can tell that it is stale. */
  readonly version: number;
}

/** The audit log. Lines are added and never changed. */
export interface AuditStore {
  /** Must be called within `Store.write`. */
  add(entry: Omit<AuditEntry, 'id'>): void;
  /** Newest first; those before `before` where it is given, of one name where `who` is given. */
  list(limit: number, before?: number, who?: string): readonly AuditEntry[];
}

/** People and what they did. */
export interface PeopleStore {
  readonly operators: Shelf<LabOperator>;
  readonly credentials: Shelf<Credential>;
  readonly audit: AuditStore;
}

/** How a lab stands to its database, and to the other labs on it. */
export interface Standing {
  /** It does what only one lab of a database may do: expiry, time limits, hand-overs that were left. */
  readonly leads: boolean;
  /** Why nothing can be written now; reads are answered from what was known last. */
  readonly away: RazorMkError | undefined;
  /** The database's clock less this machine's, in milliseconds: labs that share a database share its clock. */
  readonly clockOffset: number;
}

/** The whole store. */
export interface Store extends Catalog {
  readonly nodes: NodeStore;
  readonly activeModels: ActiveModelStore;
  readonly people: PeopleStore;
  readonly standing: Standing;
  /**
   * Runs `work` in a transaction; resolves with its result when that is committed. Rejects with what `work` throws, and with
   * RAZOR_MK_LAB_DB_AWAY where the database cannot be written to now.
   */
  write<T>(work: () => T): Promise<T>;
  /** Writes a whole copy to a new file while requests go on. Throws RAZOR_MK_FILE_UNWRITABLE. */
  backup(path: string): Promise<void>;
  /** Replaces everything by a copy, at once. Throws RAZOR_MK_LAB_DB, and then nothing has changed. */
  restore(path: string): Promise<void>;
  /**
   * Seals all secrets anew, with the newest key of the key file, or with a new one. Throws RAZOR_MK_LAB_SECRETS. The result is the id
   * of the key and how many values were sealed.
   */
  rotateSecrets(): Promise<{ readonly key: string; readonly sealed: number }>;
  /** Writes what is pending and ends. */
  close(): Promise<void>;
}

/** An event as labs tell each other: without its number, which each lab gives itself. */
export type SharedEvent = Readonly<Record<string, unknown>> & { readonly at: number };

/** The lab's event log, as a store that several labs share needs it. */
export interface SharedEvents {
  /** Runs `work`; what is said meanwhile is not heard by anyone but given back. */
  hold<T>(work: () => T): { readonly result: T; readonly held: readonly SharedEvent[] };
  /** Says what was held and is shared already. */
  publish(events: readonly SharedEvent[]): void;
  /** Says what another lab said. */
  adopt(lab: string, events: readonly SharedEvent[]): void;
  /** Says something of the store itself. */
  say(message: string): void;
  /** Calls `listener` with each event of this lab that was not held and that others are to hear. */
  onSaid(listener: (event: SharedEvent) => void): void;
}
