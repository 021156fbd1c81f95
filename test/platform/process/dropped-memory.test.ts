import assert from 'node:assert/strict';
import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { tellDropped } from '../../../platform/process/dropped-memory.ts';

// own process: the count of dropped memory is the process's own, and other tests would add to it

test('at each 2 MiB of buffers that were dropped the young objects are looked through, and not before', async (t) => {
  const forced: PerformanceEntry[] = [];
  const observer = new PerformanceObserver((list) => {
    const { NODE_PERFORMANCE_GC_MINOR: minor, NODE_PERFORMANCE_GC_FLAGS_FORCED: isForced } = constants;
    for (const entry of list.getEntries()) {
      const { kind, flags } = (
        entry as unknown as { readonly detail: { readonly kind: number; readonly flags: number } }
      ).detail;
      if (kind === minor && (flags & isForced) !== 0) forced.push(entry);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  t.after(() => observer.disconnect());
  for (let mebibytes = 0; mebibytes < 7; mebibytes++) tellDropped(2 ** 20);
  for (let turns = 0; turns < 100 && forced.length < 3; turns++) await turn();
  assert.equal(forced.length, 3);
});
