/** Operators, their secrets as hashes, and the audit log. */
import type { AuditEntry, Credential, LabOperator, Role } from '../people.ts';
import type { AuditStore, PeopleStore } from '../store.ts';
import { openShelf, type ShelfKind } from './catalog-tables.ts';
import type { Database } from './database.ts';
import { number, optional, rows, text, type Row } from './rows.ts';

const operatorKind: ShelfKind<LabOperator> = {
  table: 'operator',
  order: 'id',
  read: (row) => ({
    uuid: text(row['uuid']),
    name: text(row['name']),
    role: text(row['role']) as Role,
    password: optional(row['password']),
    added: number(row['added']),
  }),
  write: ({ name, role, password, added }) => ({ name, role, password: password ?? null, added }),
};

const credentialKind: ShelfKind<Credential> = {
  table: 'credential',
  order: 'id',
  read: (row) => ({
    uuid: text(row['uuid']),
    operator: text(row['operator']),
    kind: text(row['kind']) as Credential['kind'],
    label: text(row['label']),
    hash: text(row['hash']),
    added: number(row['added']),
    expires: number(row['expires']),
  }),
  write: ({ operator, kind, label, hash, added, expires }) => ({ operator, kind, label, hash, added, expires }),
};

function auditEntry(row: Row): AuditEntry {
  return {
    id: number(row['id']),
    at: number(row['at']),
    who: text(row['who']),
    address: text(row['address']),
    action: text(row['action']),
    status: number(row['status']),
    details: text(row['details']),
  };
}

function openAudit(db: Database): AuditStore {
  return {
    add({ at, who, address, action, status, details }) {
      db.prepare('INSERT INTO audit (at, who, address, action, status, details) VALUES (?, ?, ?, ?, ?, ?)').run(
        ...[at, who, address, action, status, details],
      );
    },
    list(limit, before = Number.MAX_SAFE_INTEGER, who) {
      const found =
        who === undefined
          ? rows(db.prepare('SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?'), before, limit)
          : rows(
              db.prepare('SELECT * FROM audit WHERE who = ? AND id < ? ORDER BY id DESC LIMIT ?'),
              ...[who, before, limit],
            );
      return found.map(auditEntry);
    },
  };
}

/** The tables of people. A change of them is none of the catalog: no tag is looked at again because somebody logged in. */
export function openPeople(db: Database): PeopleStore {
  const nothing = (): void => undefined;
  return {
    operators: openShelf(db, operatorKind, nothing),
    credentials: openShelf(db, credentialKind, nothing),
    audit: openAudit(db),
  };
}
