import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SERVERS } from '../../../agent/servers/registry.ts';

const root = new URL('../../../', import.meta.url);

test('names are unique, one server is chosen by default, and each has its page', () => {
  const names = SERVERS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  assert.equal(SERVERS.filter(({ offer }) => offer.byDefault).length, 1);
  for (const { name, page } of SERVERS) assert.ok(existsSync(new URL(page, root)), name);
});

test('the lint rule against comparing names knows every name', () => {
  const config = readFileSync(new URL('eslint.config.js', root), 'utf8');
  const pattern = /const SERVER_NAME = 'Literal\[value=\/\^\(([^)]*)\)\$\/\]'/.exec(config)?.[1];
  assert.deepEqual(pattern?.split('|').sort(), SERVERS.map(({ name }) => name).sort());
});
