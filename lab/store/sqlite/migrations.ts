/** The schema, as steps: number N brings a file from version N to N+1. A step that was released is never edited. */
import type { DatabaseSync } from 'node:sqlite';

export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE node (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     uuid TEXT NOT NULL UNIQUE,
     dialect TEXT NOT NULL,
     version INTEGER NOT NULL DEFAULT 1,
     facts TEXT,
     facts_version INTEGER NOT NULL DEFAULT 0,
     metadata TEXT NOT NULL DEFAULT '{}',
     last_state TEXT,
     dhcp_mac TEXT,
     created INTEGER NOT NULL,
     registered INTEGER,
     contact INTEGER NOT NULL,
     allowed INTEGER NOT NULL DEFAULT 1,
     installed TEXT,
     forced_action TEXT
   ) STRICT;
   CREATE INDEX node_contact ON node(contact);
   CREATE TABLE hw_id (
     hw_id TEXT NOT NULL,
     node INTEGER NOT NULL REFERENCES node(id) ON DELETE CASCADE,
     position INTEGER NOT NULL,
     PRIMARY KEY (hw_id, node)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX hw_id_node ON hw_id(node, position);
   CREATE TABLE tag_rule (
     id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, name TEXT NOT NULL, tag TEXT NOT NULL,
     matchers TEXT NOT NULL
   ) STRICT;
   CREATE TABLE image (
     id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, type TEXT NOT NULL, name TEXT NOT NULL,
     version TEXT NOT NULL, path TEXT NOT NULL, kernel TEXT, initrd TEXT, kernel_hash TEXT, initrd_hash TEXT,
     hash TEXT, build_time INTEGER, added INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE model (
     id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, label TEXT NOT NULL, template TEXT NOT NULL,
     image TEXT, metadata TEXT NOT NULL
   ) STRICT;
   CREATE TABLE broker (
     id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, name TEXT NOT NULL, url TEXT NOT NULL
   ) STRICT;
   CREATE TABLE policy (
     id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, label TEXT NOT NULL, line INTEGER NOT NULL,
     enabled INTEGER NOT NULL, maximum INTEGER NOT NULL, tags TEXT NOT NULL, model TEXT NOT NULL, broker TEXT
   ) STRICT;
   CREATE TABLE active_model (
     id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE,
     node INTEGER NOT NULL UNIQUE REFERENCES node(id) ON DELETE CASCADE,
     policy TEXT NOT NULL, policy_label TEXT NOT NULL, model TEXT NOT NULL, broker TEXT, state TEXT NOT NULL,
     counter INTEGER NOT NULL, bound INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX active_model_policy ON active_model(policy);
   CREATE TABLE active_log (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     active_model INTEGER NOT NULL REFERENCES active_model(id) ON DELETE CASCADE,
     at INTEGER NOT NULL, old_state TEXT NOT NULL, state TEXT NOT NULL, action TEXT NOT NULL, method TEXT NOT NULL,
     result TEXT NOT NULL
   ) STRICT;
   CREATE INDEX active_log_model ON active_log(active_model)`,
  // facts are thousands of bytes and a check-in changes a few: in one row SQLite would write them all again each time
  `CREATE TABLE node_facts (
     node INTEGER PRIMARY KEY REFERENCES node(id) ON DELETE CASCADE,
     facts TEXT NOT NULL
   ) STRICT;
   INSERT INTO node_facts SELECT id, facts FROM node WHERE facts IS NOT NULL;
   ALTER TABLE node DROP COLUMN facts`,
  // what every check-in changes lies together: thousands a second touch hundreds of pages, not thousands, and no index
  `CREATE TABLE node_seen (
     node INTEGER PRIMARY KEY REFERENCES node(id) ON DELETE CASCADE,
     contact INTEGER NOT NULL,
     version INTEGER NOT NULL DEFAULT 1,
     last_state TEXT
   ) STRICT;
   INSERT INTO node_seen (node, contact, version, last_state) SELECT id, contact, version, last_state FROM node;
   DROP INDEX node_contact;
   ALTER TABLE node DROP COLUMN contact;
   ALTER TABLE node DROP COLUMN version;
   ALTER TABLE node DROP COLUMN last_state`,
  'ALTER TABLE node ADD COLUMN forced_param TEXT',
  // of a policy that says nothing, the limits are those of the lab (lab/engine/tries.ts)
  `ALTER TABLE active_model ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE active_model ADD COLUMN tried INTEGER;
   ALTER TABLE active_model ADD COLUMN overdue INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE policy ADD COLUMN tries INTEGER;
   ALTER TABLE policy ADD COLUMN install_timeout INTEGER`,
  `ALTER TABLE active_model ADD COLUMN hand_over TEXT;
   ALTER TABLE broker ADD COLUMN secret TEXT;
   ALTER TABLE broker ADD COLUMN attempts INTEGER`,
  `CREATE TABLE operator (
     id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL,
     password TEXT, added INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE credential (
     id INTEGER PRIMARY KEY AUTOINCREMENT, uuid TEXT NOT NULL UNIQUE, operator TEXT NOT NULL, kind TEXT NOT NULL,
     label TEXT NOT NULL, hash TEXT NOT NULL UNIQUE, added INTEGER NOT NULL, expires INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE audit (
     id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, who TEXT NOT NULL, address TEXT NOT NULL,
     action TEXT NOT NULL, status INTEGER NOT NULL, details TEXT NOT NULL
   ) STRICT;
   CREATE INDEX audit_who ON audit(who, id);
   CREATE INDEX audit_at ON audit(at)`,
  'ALTER TABLE image ADD COLUMN disk TEXT',
  // what is in the clear is sealed after the last step (store/secrets)
  'CREATE TABLE secret_key (id TEXT NOT NULL PRIMARY KEY, proof TEXT NOT NULL, clean INTEGER NOT NULL) STRICT',
];

/** Brings an open database up to date; the result is the schema that it had, 0 for a new one. Throws where a newer version wrote it. */
export function migrate(db: DatabaseSync): number {
  const row = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (row.user_version > MIGRATIONS.length) {
    throw new Error(`it was written by a newer version (schema ${row.user_version}, known ${MIGRATIONS.length})`);
  }
  for (let version = row.user_version; version < MIGRATIONS.length; version++) {
    db.exec(`BEGIN; ${MIGRATIONS[version] as string}; PRAGMA user_version=${version + 1}; COMMIT`);
  }
  return row.user_version;
}
