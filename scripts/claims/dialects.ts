/** docs/dialects.md and docs/lab-page.md. */
import { shows, type Claim } from './claim.ts';

export const claims: readonly Claim[] = [
  {
    id: 'dialects',
    area: 'dialects',
    says: 'the agent in three dialects against the lab, by parts and as a process',
    command: "node_modules/.bin/node --test --test-timeout=90000 'test/contract/*.test.ts'",
    minutes: 4,
  },
  {
    id: 'foreman',
    area: 'dialects',
    says: 'Foreman: facts, turns, discovery and the node’s API against a stand-in written from the rules of its source',
    command:
      "node_modules/.bin/node --test --test-timeout=90000 'test/agent/servers/foreman/*.test.ts' test/contract/foreman.test.ts",
    minutes: 4,
  },
  {
    id: 'herd',
    area: 'lab',
    says: '100,000 nodes at 60 s: peak/mean below 1.2 one interval after a cold start and after an outage',
    command: 'npm run -s razor-mk -- lab herd --nodes 100000',
    minutes: 4,
    check: shows(/after the cold start .*peak\/mean 1\.[01]\d/, /after the outage .*peak\/mean 1\.[01]\d/),
  },
  {
    id: 'page',
    area: 'lab',
    says: 'the page in Chromium: ten nodes, search, live log, hostile facts, a phone’s width, light and dark',
    command: 'npm run -s test:page',
    minutes: 5,
    needs: ['chromium'],
  },
];
