/** `razor-mk image bundle`: what a build needs, in one file, for a builder without network. */
import { resolve } from 'node:path';
import { defineVerb } from '../../../platform/process/verb.ts';
import { writeBundle } from '../bundle.ts';
import { createProgress, megabytes } from '../progress.ts';
import { addBuildOptions, prepareBuild } from './image-options.ts';

export const verb = defineVerb({
  examples: [
    [
      'image bundle --base CorePure64.iso --out bundle.tar',
      'everything that this build needs, for a builder without network',
    ],
    ['image bundle --base build/base --debian nvme-cli --out bundle.tar', 'with a Debian package'],
  ],
  options: (yargs) =>
    addBuildOptions(yargs).option('out', { type: 'string', demandOption: true, describe: 'the tar file' }),
  run: async (args, host) => {
    const progress = createProgress(host);
    try {
      const { options } = await prepareBuild(args, args.out, host, progress.step);
      progress.step('collecting');
      const { bytes, files } = await writeBundle(resolve(args.out), options);
      progress.done();
      host.out(`${resolve(args.out)}  ${megabytes(bytes)}, ${files} files\n`);
      host.out('There: tar xf it into an empty directory, then razor-mk image build --config image.yaml --out DIR\n');
      return 0;
    } finally {
      progress.done();
    }
  },
});
