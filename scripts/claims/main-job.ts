/** The two commands of the README. */
import type { Claim } from './claim.ts';

/** The summary line that `npm start -- --json` must end in. */
function summaryHolds(output: string): string | undefined {
  const line = output.trim().split('\n').at(-1) ?? '';
  let summary: Record<string, unknown>;
  try {
    summary = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return `the last line is not JSON: ${line.slice(0, 200)}`;
  }
  if (summary['registered'] !== true) return 'registered is not true';
  if (summary['bound'] !== true) return 'bound is not true';
  if (summary['lastCommand'] !== 'reboot') return `lastCommand is ${String(summary['lastCommand'])}`;
  const facts = summary['facts'];
  return typeof facts === 'number' && facts > 40 ? undefined : `facts is ${String(facts)}, not over 40`;
}

export const claims: readonly Claim[] = [
  {
    id: 'start',
    area: 'main job',
    says: 'npm ci && npm start ends in a summary: registered, bound, told to reboot, over 40 facts',
    command: 'npm ci --loglevel=error && npm start -- --json | tail -n 1',
    minutes: 4,
    check: summaryHolds,
  },
  {
    id: 'start-offline',
    area: 'main job',
    says: 'a second npm start needs no network (run in a network namespace that has only loopback)',
    command: "unshare -n sh -c 'ip link set lo up && npm start -- --json' | tail -n 1",
    minutes: 1,
    needs: ['root', 'unshare', 'ip'],
    check: summaryHolds,
  },
  {
    id: 'start-alone',
    area: 'main job',
    says: 'npm start alone mends an interrupted install and runs the demonstration',
    command: 'rm -rf node_modules && mkdir node_modules && npm start -- --json | tail -n 1',
    minutes: 4,
    check: summaryHolds,
  },
  {
    id: 'test',
    area: 'main job',
    says: 'npm test ends green',
    command: 'npm test',
    minutes: 4,
  },
];
