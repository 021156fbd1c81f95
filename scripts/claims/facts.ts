/** docs/facts.md. */
import { shows, type Claim } from './claim.ts';

export const claims: readonly Claim[] = [
  {
    id: 'explain',
    area: 'facts',
    says: 'razor-mk facts explain memorysize names /proc/meminfo',
    command: 'npm run -s razor-mk -- facts explain memorysize',
    minutes: 1,
    check: shows(/\/proc\/meminfo/),
  },
  {
    id: 'bench-facts',
    area: 'facts',
    says: 'npm run bench:facts prints its ratios in one run',
    command: 'npm run -s bench:facts -- --runs 10',
    minutes: 4,
    check: shows(/warm/i),
  },
];
