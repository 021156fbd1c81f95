/** README.md, At a shell; docs/agent.md. */
import { shows, type Claim } from './claim.ts';

export const claims: readonly Claim[] = [
  {
    id: 'dry-run',
    area: 'agent',
    says: 'checkin --dry-run prints the request for the named server, and sends nothing',
    command: 'npm run -s razor-mk -- checkin --dry-run --server 192.0.2.10',
    minutes: 1,
    check: shows(/^GET http:\/\/192\.0\.2\.10:8026\/razor\/api\/node\/checkin\?hw_id=[0-9A-F_]+&last_state=idle$/m),
  },
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
