import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changedFacts, isOwnFact, isVolatileName } from '../../facts/values.ts';

test('what only a running agent knows is no difference between what was sent and what a shell or a capture sees', () => {
  const sent = { hostname: 'mk', razor_mk_write_image: 'on', razor_mk_errors: 'none', uptime: '1 day' };
  assert.deepEqual(changedFacts(sent, { hostname: 'mk' }), []);
  assert.deepEqual(changedFacts({ hostname: 'mk' }, sent), []);
  assert.deepEqual(changedFacts(sent, { hostname: 'other', new: '1' }), ['hostname', 'new']);
});

test('own facts begin with razor_mk_; mk_ facts are the machine’s', () => {
  assert.deepEqual(['razor_mk_errors', 'razor_mk_x', 'mk_errors', 'xrazor_mk_'].filter(isOwnFact), [
    'razor_mk_errors',
    'razor_mk_x',
  ]);
  const moving = ['uptime', 'uptime_days', 'memoryfree', 'swapfree_mb', 'mk_nic_eth0_speed', 'mk_numa_node3_memory_mb'];
  assert.deepEqual(moving.filter(isVolatileName), moving);
  assert.deepEqual(['uptimes', 'memorysize', 'mk_nic_eth0_driver', 'mk_numa_node_count'].filter(isVolatileName), []);
});
