/** docs/node.md and docs/doctor.md. */
import { shows, type Claim } from './claim.ts';

export const claims: readonly Claim[] = [
  {
    id: 'doctor',
    area: 'node',
    says: 'razor-mk doctor names a dead DNS server as such, with what to do, and exits with 6',
    command:
      'echo \'nameserver 127.0.0.9\' >resolv && { npm run -s razor-mk -- doctor --resolv-conf "$PWD/resolv" --next-server-file /nonexistent || [ $? = 6 ]; }',
    minutes: 2,
    check: shows(
      /^DNS +BROKEN +127\.0\.0\.9 is dead/m,
      /^The first thing that is broken: DNS\./m,
      /^What to do: .*127\.0\.0\.9/m,
    ),
  },
  {
    id: 'node',
    area: 'node',
    says: 'network wait, ip= and VLAN, real DHCP in namespaces, status at any size, metrics, config push, Tiny Core duties',
    command:
      "node_modules/.bin/node --test --test-timeout=90000 'test/agent/network/*.test.ts' 'test/agent/status/*.test.ts' 'test/tinycore/node/*.test.ts' test/agent/node/node.test.ts",
    minutes: 4,
    needs: ['ip'],
  },
];
