import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainFault, isAway, isCertain } from '../../../../lab/store/postgres/postgres-faults.ts';
import { checkServer } from '../../../../lab/store/postgres/sql/postgres-schema.ts';
import { plainUrl } from '../../../../lab/store/postgres/connection.ts';

const failure = (code: string | undefined, message = 'said'): Error =>
  Object.assign(new Error(message), code === undefined ? {} : { code });

test('a refused statement proves that nothing was stored, a lost connection does not', () => {
  for (const code of ['22P05', '23505', '53100', '25006', '42501']) assert.equal(isCertain(failure(code)), true, code);
  for (const code of ['57P01', '57P03', '57014', '08006', 'ECONNRESET', undefined])
    assert.equal(isCertain(failure(code)), false, code);
});

test('a database that is down, full, busy or a standby is away; a wrong statement is a fault', () => {
  for (const code of ['57P01', '53300', '53100', '25006', '55P03', '08006', 'ECONNREFUSED', undefined]) {
    assert.equal(isAway(failure(code)), true, code);
  }
  for (const code of ['22P05', '23505', '42P01', '0A000']) assert.equal(isAway(failure(code)), false, code);
});

test('each failure says where, why and what to do, and never a password', () => {
  const where = plainUrl('postgres://lab:s3cret@db.example:5433/site?sslmode=verify-full');
  assert.equal(where, 'postgres://lab@db.example:5433/site');
  for (const [error, why, remedy] of [
    [failure('ECONNREFUSED'), /nothing listens there/, /host and port/],
    [failure('28P01'), /user or password is wrong/, /pgpass/],
    [failure('3D000'), /no such database/, /createdb/],
    [failure('53300'), /no connection left/, /max_connections/],
    [failure('25006'), /read-only/, /primary/],
    [failure(undefined, 'timeout expired'), /does not answer in time/, /host and port/],
    [failure(undefined, 'self-signed certificate'), /TLS/, /sslrootcert/],
    [new AggregateError([failure('ECONNREFUSED')], ''), /nothing listens there/, /host and port/],
  ] as const) {
    const fault = explainFault(error, where, 'RAZOR_MK_LAB_DB');
    assert.match(fault.message, why);
    assert.match(fault.message, /postgres:\/\/lab@db\.example:5433\/site/);
    assert.match(fault.remedy, remedy);
    assert.doesNotMatch(fault.message + fault.remedy, /s3cret/);
  }
  assert.throws(() => plainUrl('postgres://a b'), { code: 'RAZOR_MK_USAGE' });
});

test('a server that is too old is refused by name', () => {
  checkServer(150_018, '15.18');
  assert.throws(() => checkServer(120_022, '12.22'), { code: 'RAZOR_MK_LAB_DB', message: /PostgreSQL 12\.22/ });
});
