/** docs/image.md, and the boot from power-on. */
import { shows, type Claim } from './claim.ts';

const BUILD = 'npm run -s razor-mk -- image build --base build/base --format iso --flavour prod';

export const claims: readonly Claim[] = [
  {
    id: 'image',
    area: 'image',
    says: 'image base --from-debian and image build make an ISO, image inspect accepts it, two builds are equal',
    command: [
      '{ [ -f build/razor-mk.tcz ] || npm run -s package >/dev/null; }',
      'npm run -s razor-mk -- image base --from-debian --kernel cloud --out build/base',
      `${BUILD} --version 1.2.3 --out build/one`,
      `${BUILD} --version 1.2.3 --out build/two`,
      'cmp build/one/*.iso build/two/*.iso && echo the two ISOs are equal',
      'npm run -s razor-mk -- image inspect build/one/*.iso',
    ].join(' && '),
    minutes: 8,
    needs: ['apt-get', 'xorriso', 'mksquashfs', 'depmod', 'grub-mkstandalone', 'mformat'],
    check: shows(/the two ISOs are equal/, /in \d+\.\d s/),
  },
  {
    id: 'e2e',
    area: 'boot',
    says: 'npm run e2e -- a b: two machines power on and do the whole journey, BIOS to its own disk, UEFI to registered',
    command: 'npm run -s e2e -- a b',
    minutes: 15,
    needs: ['root', 'qemu-system-x86_64', 'dnsmasq', 'xorriso', 'mksquashfs', 'apt-get'],
    check: shows(/^e2e: 2 passed, 0 failed/m),
  },
];
