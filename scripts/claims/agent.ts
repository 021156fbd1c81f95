/** docs/agent.md. */
import type { Claim } from './claim.ts';

export const claims: readonly Claim[] = [
  {
    id: 'soak',
    area: 'agent',
    says: 'the hostile server, random replies, kills in the middle of a write: the full counts, nothing lost',
    command: 'npm run -s test:soak',
    minutes: 15,
  },
  {
    id: 'bench-agent',
    area: 'agent',
    says: 'npm run bench:agent prints first check-in, memory, processor time',
    command: 'npm run -s bench:agent -- --quick',
    minutes: 5,
  },
];
