/** docs/packaging.md and docs/overlay.md. */
import { shows, type Claim } from './claim.ts';

export const claims: readonly Claim[] = [
  {
    id: 'package',
    area: 'packaging',
    says: 'npm run package makes the executable within its size budget, tells how far it is, and it runs (newcomer 22)',
    command: 'npm run -s package 2>&1 && build/razor-mk --version',
    minutes: 8,
    needs: ['strip', 'xz', 'mksquashfs'],
    check: shows(
      /^compressed +(1\d|20),\d{3},\d{3} bytes/m,
      /^measuring .* … \d+ s$/m,
      /^extension +[\d,]+ bytes/m,
      /^razor-mk \d+\.\d+\.\d+ \(commit [0-9a-f]{12}/m,
    ),
  },
  {
    id: 'newcomer-executable',
    area: 'newcomer',
    says: 'row 7: the executable says in its help what a clone alone has, and the lab is refused with the way to it',
    command: 'build/razor-mk help; { build/razor-mk lab 2>&1 || echo "status $?"; }',
    minutes: 1,
    needs: ['strip', 'xz', 'mksquashfs'],
    check: shows(/^ +lab [^]*?\(in a clone\s+only\)/m, /not part of the executable[^]*status \d+/),
  },
  {
    id: 'package-twice',
    area: 'packaging',
    says: 'two directories give the same executable and extension; both run in a chroot with nothing but their libraries',
    command: 'npm run -s test:package',
    minutes: 10,
    needs: ['strip', 'mksquashfs', 'root'],
  },
  {
    id: 'overlay',
    area: 'overlay',
    says: 'the overlay’s DHCP scripts under busybox with real udhcpc and dnsmasq: two cards, two servers',
    command: 'npm run -s test:overlay',
    minutes: 5,
    needs: ['dnsmasq', 'apt-get', 'root'],
  },
];
