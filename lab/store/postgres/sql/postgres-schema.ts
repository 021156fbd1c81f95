/** Schema `razor_mk` at the start: made, brought up to date, or refused. */
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import type { Ask } from '../connection.ts';
import { POSTGRES_GROUND, POSTGRES_MIGRATIONS } from './postgres-migrations.ts';
import { ALONE_LOCK, WRITE_LOCK } from './statements.ts';
import type { KeyRing } from '../../secrets/key-ring.ts';
import { forgetClear, sealSite, secretKeyOfSite } from '../../secrets/seal-site.ts';
import { checkSecretsKey, type SecretKeyRow } from '../../secrets/secrets-key.ts';

/** The oldest that has everything: gen_random_uuid() without an extension. */
const OLDEST = 130_000;

/** The keys of a site's secrets, and what the site is called. */
interface SiteKeys {
  readonly ring: KeyRing;
  readonly where: string;
}

/**
 * Brings the schema up to date in one transaction, with no other lab running; with keys what is in the clear is sealed. Throws
 * RAZOR_MK_LAB_SECRETS where they are not the keys of the database, and RAZOR_MK_LAB_DB: server too old, standby, a
 * pooler in between, schema of a newer version, labs of the older version still there.
 */
export async function migratePostgres(ask: Ask, keys?: SiteKeys): Promise<void> {
  const [about = []] = await ask(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS name, pg_is_in_recovery() AS standby`,
  );
  const { version, name, standby } = about[0] ?? {};
  checkServer(Number(version), String(name));
  if (standby) {
    throw new RazorMkError('RAZOR_MK_LAB_DB', 'the database is a standby, which takes no writes', {
      remedy: 'Give the address of the primary, or of a load balancer that leads to it.',
    });
  }
  const [, , found = []] = await ask('BEGIN', WRITE_LOCK, `SELECT to_regclass('razor_mk.meta') IS NOT NULL AS there`);
  const known = POSTGRES_MIGRATIONS.length;
  let from = 0;
  if (found[0]?.['there']) {
    const [meta = []] = await ask('SELECT version FROM razor_mk.meta');
    from = Number(meta[0]?.['version'] ?? 0);
  }
  if (from > known) {
    throw new RazorMkError('RAZOR_MK_LAB_DB', `the database has schema ${from}, this lab knows ${known}`, {
      remedy: 'A newer version wrote it: all labs of one database must be of one version. Start that version.',
    });
  }
  const row = from === known ? await secretKeyOfSite(ask) : undefined;
  if (from === known && (row || !keys)) {
    await ask('ROLLBACK');
    if (row && keys) await checkKey(ask, row, keys);
    return;
  }
  const [alone = []] = await ask(ALONE_LOCK);
  if (!alone[0]?.['got']) {
    throw new RazorMkError('RAZOR_MK_LAB_DB', `the database has schema ${from}, and labs of that version use it`, {
      remedy: 'Stop them all first, then start this version once: it brings the schema up to date.',
    });
  }
  for (const text of from === known ? [] : [POSTGRES_GROUND, ...POSTGRES_MIGRATIONS.slice(from)]) {
    await ask(...text.split(/;\s*(?=\n|$)/).filter((each) => each.trim() !== ''));
  }
  const sealed = keys && (await sealSite(ask, keys.ring, from === 0));
  await ask(`UPDATE razor_mk.meta SET version = ${known}`, 'COMMIT');
  if (sealed && keys) await checkKey(ask, sealed, keys);
}

async function checkKey(ask: Ask, row: SecretKeyRow, { ring, where }: SiteKeys): Promise<void> {
  checkSecretsKey(row, ring, where);
  if (row.clean === 0) await forgetClear(ask);
}

/** Throws RAZOR_MK_LAB_DB for a server that is too old. */
export function checkServer(version: number, name: string): void {
  if (version >= OLDEST) return;
  throw new RazorMkError('RAZOR_MK_LAB_DB', `the database server is PostgreSQL ${name}`, {
    remedy: `PostgreSQL ${OLDEST / 10_000} or newer is needed; 15 is what is tested.`,
  });
}
