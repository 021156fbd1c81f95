/**
 * The schema in PostgreSQL, as steps: number N brings a database from version N to N+1. A step that was released is never
 * edited. Columns are those of SQLite (sqlite/migrations.ts); `meta`, `feed` and `sequence` hold the labs together.
 */
export const POSTGRES_MIGRATIONS: readonly string[] = [
  `CREATE TABLE razor_mk.node (
     id bigint PRIMARY KEY,
     uuid text NOT NULL UNIQUE,
     dialect text NOT NULL,
     facts_version bigint NOT NULL,
     metadata jsonb NOT NULL,
     dhcp_mac text,
     created bigint NOT NULL,
     registered bigint,
     allowed bigint NOT NULL,
     installed text,
     forced_action text,
     forced_param jsonb
   );
   CREATE TABLE razor_mk.node_seen (
     node bigint PRIMARY KEY REFERENCES razor_mk.node ON DELETE CASCADE,
     contact bigint NOT NULL,
     version bigint NOT NULL,
     last_state text
   ) WITH (fillfactor = 70);
   CREATE TABLE razor_mk.node_facts (
     node bigint PRIMARY KEY REFERENCES razor_mk.node ON DELETE CASCADE,
     facts jsonb NOT NULL
   );
   CREATE TABLE razor_mk.hw_id (
     hw_id text NOT NULL,
     node bigint NOT NULL REFERENCES razor_mk.node ON DELETE CASCADE,
     position bigint NOT NULL,
     PRIMARY KEY (hw_id, node)
   );
   CREATE INDEX hw_id_node ON razor_mk.hw_id (node);
   CREATE TABLE razor_mk.tag_rule (
     id bigint PRIMARY KEY, uuid text NOT NULL UNIQUE, name text NOT NULL, tag text NOT NULL, matchers jsonb NOT NULL
   );
   CREATE TABLE razor_mk.image (
     id bigint PRIMARY KEY, uuid text NOT NULL UNIQUE, type text NOT NULL, name text NOT NULL, version text NOT NULL,
     path text NOT NULL, kernel text, initrd text, kernel_hash text, initrd_hash text, hash text, build_time bigint,
     added bigint NOT NULL
   );
   CREATE TABLE razor_mk.model (
     id bigint PRIMARY KEY, uuid text NOT NULL UNIQUE, label text NOT NULL, template text NOT NULL, image text,
     metadata jsonb NOT NULL
   );
   CREATE TABLE razor_mk.broker (
     id bigint PRIMARY KEY, uuid text NOT NULL UNIQUE, name text NOT NULL, url text NOT NULL, secret text, attempts bigint
   );
   CREATE TABLE razor_mk.policy (
     id bigint PRIMARY KEY, uuid text NOT NULL UNIQUE, label text NOT NULL, line bigint NOT NULL, enabled bigint NOT NULL,
     maximum bigint NOT NULL, tags jsonb NOT NULL, model text NOT NULL, broker text, tries bigint, install_timeout bigint
   );
   CREATE TABLE razor_mk.active_model (
     id bigint PRIMARY KEY, uuid text NOT NULL UNIQUE,
     node bigint NOT NULL UNIQUE REFERENCES razor_mk.node ON DELETE CASCADE,
     policy text NOT NULL, policy_label text NOT NULL, model jsonb NOT NULL, broker text, state text NOT NULL,
     counter bigint NOT NULL, bound bigint NOT NULL, tries bigint NOT NULL, tried bigint, overdue bigint NOT NULL,
     hand_over jsonb
   );
   CREATE TABLE razor_mk.active_log (
     id bigint PRIMARY KEY,
     active_model bigint NOT NULL REFERENCES razor_mk.active_model ON DELETE CASCADE,
     at bigint NOT NULL, old_state text NOT NULL, state text NOT NULL, action text NOT NULL, method text NOT NULL,
     result text NOT NULL
   );
   CREATE INDEX active_log_model ON razor_mk.active_log (active_model);
   CREATE TABLE razor_mk.operator (
     id bigint PRIMARY KEY, uuid text NOT NULL UNIQUE, name text NOT NULL UNIQUE, role text NOT NULL, password text,
     added bigint NOT NULL
   );
   CREATE TABLE razor_mk.credential (
     id bigint PRIMARY KEY, uuid text NOT NULL UNIQUE, operator text NOT NULL, kind text NOT NULL, label text NOT NULL,
     hash text NOT NULL UNIQUE, added bigint NOT NULL, expires bigint NOT NULL
   );
   CREATE TABLE razor_mk.audit (
     id bigint PRIMARY KEY, at bigint NOT NULL, who text NOT NULL, address text NOT NULL, action text NOT NULL,
     status bigint NOT NULL, details text NOT NULL
   );
   CREATE INDEX audit_at ON razor_mk.audit (at);
   CREATE TABLE razor_mk.sequence (name text PRIMARY KEY, value bigint NOT NULL);
   CREATE TABLE razor_mk.feed (
     seq bigint PRIMARY KEY, group_id text NOT NULL UNIQUE, lab text NOT NULL, at timestamptz NOT NULL DEFAULT now(),
     changes jsonb NOT NULL, events jsonb
   );
   CREATE INDEX feed_at ON razor_mk.feed (at);
   INSERT INTO razor_mk.feed (seq, group_id, lab, changes) VALUES (0, gen_random_uuid()::text, '', '{}');
   ALTER TABLE razor_mk.meta ADD COLUMN seq bigint NOT NULL DEFAULT 0`,
  'ALTER TABLE razor_mk.image ADD COLUMN disk jsonb',
  // what is in the clear is sealed after the last step (store/secrets)
  'CREATE TABLE razor_mk.secret_key (id text PRIMARY KEY, proof text NOT NULL, clean bigint NOT NULL)',
];

/** The ground that migrations stand on. */
export const POSTGRES_GROUND = `CREATE SCHEMA IF NOT EXISTS razor_mk;
   CREATE TABLE IF NOT EXISTS razor_mk.meta (
     one boolean PRIMARY KEY DEFAULT true CHECK (one),
     version bigint NOT NULL
   ) WITH (fillfactor = 10);
   INSERT INTO razor_mk.meta (version) VALUES (0) ON CONFLICT DO NOTHING`;
