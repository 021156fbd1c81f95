/** A snapshot for tests of page and metrics. */
import type { StatusSnapshot } from '../../../agent/status/snapshot.ts';

export function sample(more: Partial<StatusSnapshot> = {}): StatusSnapshot {
  return {
    version: '0.1.0',
    pid: 1,
    live: true,
    dialect: 'razor',
    hostname: 'mk525400123456',
    nodeId: '525400123456_525400123457',
    stateDir: '/tmp',
    controlPort: 2156,
    startedAt: '2026-11-22T10:00:00.000Z',
    uptimeS: 4000,
    state: 'waiting: the next turn',
    healthy: true,
    boot: [
      { name: 'memory', state: 'done', note: 'the kernel ends other programs first' },
      { name: 'network', state: 'done', note: 'eth0 10.0.0.7' },
      { name: 'clock', state: 'skipped', note: 'no NTP server is named' },
    ],
    server: {
      url: 'http://10.0.0.1:8026',
      source: 'kernel line razor.ip',
      candidates: ['http://10.0.0.1:8026'],
      steps: [],
    },
    turns: {
      count: 70,
      good: 66,
      failed: 4,
      failedInARow: 0,
      registers: 2,
      last: { at: '2026-11-22T11:06:01.000Z', command: 'acknowledge', durationMs: 12.3 },
      next: { inMs: 31_000, reason: 'the next turn' },
    },
    service: undefined,
    command: { name: 'acknowledge', known: true, at: '2026-11-22T11:06:01.000Z', plan: [], times: 60 },
    unknownCommands: [],
    holding: undefined,
    facts: { count: 84, probeErrors: 1, at: '2026-11-22T11:06:00.000Z' },
    config: [
      { name: 'checkin_interval', value: '60', from: 'pushed' },
      { name: 'port', value: '0', from: 'built in' },
    ],
    problems: [],
    warnings: [{ at: '2026-11-22T11:00:00.000Z', message: 'a warning', times: 1 }],
    changes: [],
    process: { rssBytes: 80 * 1024 * 1024, heapBytes: 20 * 1024 * 1024, cpuSeconds: 3.25 },
    counters: {
      commands: { acknowledge: 64, 'odd"name\\': 2 },
      errors: { RAZOR_MK_HTTP: 4 },
      checkinSeconds: { count: 66, sum: 0.8 },
      logLinesLost: 0,
      syslogLinesDropped: 3,
    },
    ...more,
  };
}
