/** What PostgreSQL's failures mean, in words: what happened, where, and what to do. Pure. */
import { errnoOf, messageOf, RazorMkError } from '../../../platform/errors/errors.ts';

/** The SQLSTATE of an error; undefined where the connection itself failed, which most drivers' errors leave without one. */
function sqlState(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code) ? code : undefined;
}

/**
 * Whether the database cannot be asked or written to now, though nothing was wrong with the question: the connection died, the
 * server stops, starts or is a standby, it has no room, or it takes too long.
 */
export function isAway(error: unknown): boolean {
  if (error instanceof RazorMkError) return error.code === 'RAZOR_MK_LAB_DB_AWAY';
  const state = sqlState(error);
  return state === undefined || /^(08|25006|53|55P03|57|58)/.test(state);
}

/** Whether a failure proves that its transaction was undone: a statement was refused. Where the connection ended, nothing is proved. */
export function isCertain(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && !/^(08|57|58)/.test(state);
}

interface Meaning {
  readonly why: string;
  readonly remedy: string;
}

const CHECK_ADDRESS =
  'Check host and port of --database, and that PostgreSQL runs and listens there (listen_addresses, firewall).';

/** By SQLSTATE, by its class, and by the system's error. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: { why: 'nothing listens there', remedy: CHECK_ADDRESS },
  ENOENT: { why: 'there is no such socket', remedy: CHECK_ADDRESS },
  ENOTFOUND: { why: 'the name has no address', remedy: 'Check the host name of --database, and the name server.' },
  EAI_AGAIN: {
    why: 'the name server does not answer',
    remedy: 'Check the host name of --database, and the name server.',
  },
  EHOSTUNREACH: { why: 'there is no way to that host', remedy: CHECK_ADDRESS },
  ETIMEDOUT: { why: 'it does not answer', remedy: CHECK_ADDRESS },
  '28P01': { why: 'user or password is wrong', remedy: 'Give the password in the URL, in PGPASSWORD or in ~/.pgpass.' },
  '28000': { why: 'the server does not let this user in', remedy: 'Check pg_hba.conf, and the user in the URL.' },
  '3D000': { why: 'there is no such database', remedy: 'Make it: createdb NAME, owned by the user of the URL.' },
  '42501': {
    why: 'this user may not',
    remedy: 'The user needs CREATE on the database once: GRANT CREATE ON DATABASE NAME TO USER.',
  },
  '25006': {
    why: 'it is read-only: a standby, or set so',
    remedy: 'Lead the lab to the primary: a load balancer that asks /primary, or target_session_attrs of the service.',
  },
  '53300': {
    why: 'it has no connection left',
    remedy: 'A lab needs four: raise max_connections, or end what holds them (pg_stat_activity).',
  },
  '53100': {
    why: 'its disk is full',
    remedy: 'Make room on the database’s disk; nothing that was acknowledged is lost.',
  },
  '57P03': { why: 'it starts or stops', remedy: 'Wait until it is up; the lab goes on by itself.' },
  '57P01': { why: 'it was stopped', remedy: 'Start it; the lab goes on by itself.' },
  '57014': { why: 'it took too long', remedy: 'Look at its load and at pg_stat_activity; the lab goes on by itself.' },
  '55P03': {
    why: 'another lab, or a person, keeps the tables locked',
    remedy: 'Look at pg_locks for what waits; the lab goes on by itself.',
  },
};

/** Texts of errors that have no code. */
const TEXTS: readonly (readonly [RegExp, Meaning])[] = [
  [/timeout|timed out/i, { why: 'it does not answer in time', remedy: CHECK_ADDRESS }],
  [
    /terminated|closed|ended|ECONNRESET|EPIPE/i,
    { why: 'the connection ended', remedy: 'Look whether it runs; the lab goes on by itself.' },
  ],
  [
    /certificate|self-signed|SSL|TLS|altnames/i,
    {
      why: 'the TLS connection failed',
      remedy: 'Check sslmode and sslrootcert in the URL, and the name in the server’s certificate.',
    },
  ],
  [
    /password/i,
    { why: 'the password is missing or wrong', remedy: 'Give it in the URL, in PGPASSWORD or in ~/.pgpass.' },
  ],
];

function meaningOf(error: unknown): Meaning | undefined {
  const found = MEANINGS[sqlState(error) ?? ''] ?? MEANINGS[errnoOf(error) ?? ''];
  if (found) return found;
  // both families of addresses were tried
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  if (first !== undefined) return meaningOf(first);
  return TEXTS.find(([pattern]) => pattern.test(messageOf(error)))?.[1];
}

/** The failure as a lab reports it: `RAZOR_MK_LAB_DB` at the start, `RAZOR_MK_LAB_DB_AWAY` while it runs. `where` has no password. */
export function explainFault(
  error: unknown,
  where: string,
  code: 'RAZOR_MK_LAB_DB' | 'RAZOR_MK_LAB_DB_AWAY',
): RazorMkError {
  if (error instanceof RazorMkError) return error;
  const meaning = meaningOf(error);
  const said = messageOf(error) || (errnoOf(error) ?? 'no reason given');
  const why = meaning ? `${meaning.why} (${said})` : said;
  const what = code === 'RAZOR_MK_LAB_DB' ? 'cannot use the database' : 'the database cannot be used now';
  return new RazorMkError(code, `${what} ${where}: ${why}`, {
    cause: error,
    ...(meaning && { remedy: meaning.remedy }),
  });
}
