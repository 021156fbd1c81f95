/** The deploy ramdisk's work. */
import type { Claim } from './claim.ts';

export const claims: readonly Claim[] = [
  {
    id: 'deploy',
    area: 'deploy',
    says: 'test:deploy writes an image through the exported disk, ends with done, and cmp finds no difference',
    command: 'npm run -s test:deploy',
    minutes: 5,
    needs: ['root', 'tgtd', 'qemu-img', 'in.tftpd'],
    check: (output) =>
      /✔ an image of 64 MiB is written through the exported disk, byte for byte/.test(output)
        ? undefined
        : 'the image was not written (skipped?)',
  },
];
