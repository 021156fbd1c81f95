/** docs/facts.md and docs/facts-hardware.md: what is measured against other programs. */
import { shows, type Claim } from './claim.ts';

export const claims: readonly Claim[] = [
  {
    id: 'corpus',
    area: 'facts',
    says: 'facts agree with lshw, lscpu, dmidecode and Facter on recorded machines, each subject by the agreed share',
    command: 'npm run -s test:corpus',
    minutes: 5,
    needs: ['gzip', 'bzip2'],
    check: shows(
      /^native, own recordings +bus .* good$/m,
      /^native, own recordings +memory .* good$/m,
      /^native, own recordings +disk .* good$/m,
      /^native, own recordings +processor .* good$/m,
      /^native, own recordings +network .* good$/m,
      /^lshw, one run .* 100\.00 % .* good$/m,
    ),
  },
];
