import assert from 'node:assert/strict';
import { test } from 'node:test';
import { query } from '../../../agent/discovery/resolver.ts';

// before the first lease there is no route to any resolver, and the agent must go on; broadcast is refused likewise
test('a resolver that cannot be reached at all is a failure in words, not the end of the process', async () => {
  const result = await query({ address: '255.255.255.255', port: 53 }, { name: 'razor', type: 'A', timeoutMs: 2000 });
  assert.ok('failure' in result);
  assert.match(result.failure, /EACCES|ENETUNREACH|EPERM/);
});
