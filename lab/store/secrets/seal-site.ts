/** Secrets of a database of PostgreSQL: what a site holds in the clear is sealed in the transaction that makes its table of keys. */
import type { Ask } from '../postgres/connection.ts';
import { fromJsonb, toJsonb } from '../postgres/sql/json-column.ts';
import type { KeyRing } from './key-ring.ts';
import { resealed, SEALED_COLUMNS, type SealedColumn } from './sealed-columns.ts';
import { sealsOf, secretKeyRow, type SecretKeyRow } from './secrets-key.ts';
import type { SecretKey } from './seal.ts';

const AT_ONCE = 1000;

/** The row of the key; undefined where nothing is sealed yet. */
export async function secretKeyOfSite(ask: Ask): Promise<SecretKeyRow | undefined> {
  const [[row] = []] = await ask('SELECT id, proof, clean FROM razor_mk.secret_key');
  return row && { id: String(row['id']), proof: String(row['proof']), clean: Number(row['clean']) };
}

/** Seals everything, within the caller's transaction, under the writers' lock. The key is on the disk before. */
export async function sealSite(ask: Ask, ring: KeyRing, fresh: boolean): Promise<SecretKeyRow> {
  const key = ring.newest() ?? ring.add();
  if (!fresh) for (const column of SEALED_COLUMNS) await sealColumn(ask, column, key);
  const row = secretKeyRow(key, fresh);
  const text = 'INSERT INTO razor_mk.secret_key (id, proof, clean) VALUES ($1, $2, $3)';
  await ask({ text, values: [row.id, row.proof, row.clean] });
  return row;
}

async function sealColumn(ask: Ask, column: SealedColumn, key: SecretKey): Promise<void> {
  const { table, column: name, kind } = column;
  const [type, to] = [kind === 'json' ? 'jsonb' : 'text', sealsOf(key)];
  for (let last = 0; ;) {
    const [found = []] = await ask(
      `SELECT id, uuid, ${name} AS stored FROM razor_mk.${table} WHERE id > ${last} AND ${name} IS NOT NULL ORDER BY id LIMIT ${AT_ONCE}`,
    );
    if (found.length === 0) return;
    const values = found.map((row) => {
      const stored = String(row['stored']);
      const plain = { uuid: String(row['uuid']), stored: kind === 'json' ? fromJsonb(stored) : stored };
      const sealed = resealed(column, plain, { from: undefined, to });
      return `{"id":${Number(row['id'])},"value":${kind === 'json' ? toJsonb(sealed) : JSON.stringify(sealed)}}`;
    });
    const text = `UPDATE razor_mk.${table} t SET ${name} = x.value FROM jsonb_to_recordset($1::jsonb) AS x(id bigint, value ${type}) WHERE t.id = x.id`;
    await ask({ text, values: [`[${values.join(',')}]`] });
    last = Number(found.at(-1)?.['id']);
  }
}

/** Writes the tables anew, without rows of before: PostgreSQL keeps those until it needs their place. */
export async function forgetClear(ask: Ask): Promise<void> {
  await ask('SET statement_timeout = 0');
  for (const table of new Set(SEALED_COLUMNS.map((column) => column.table))) await ask(`VACUUM FULL razor_mk.${table}`);
  await ask('RESET statement_timeout', 'UPDATE razor_mk.secret_key SET clean = 1');
}
