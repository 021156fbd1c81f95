/** `razor-mk image base`: a base to try and test with where no Tiny Core ISO is at hand. */
import { join, resolve } from 'node:path';
import { PROJECT } from '../../../packaging/project-paths.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { defineVerb, type Host } from '../../../platform/process/verb.ts';
import { IMAGE_ARCH_NAMES, IMAGE_ARCHES, OWN_ARCH } from '../architectures.ts';
import { SUITES } from '../base/apt-suite.ts';
import { makeDebianBase } from '../base/base.ts';
import { sourceEpoch } from '../../../packaging/inventory/source-epoch.ts';
import { createProgress, megabytes } from '../progress.ts';
import { statSync } from 'node:fs';

export const verb = defineVerb({
  examples: [
    ['image base --from-debian --out build/base', 'for real machines'],
    ['image base --from-debian --kernel cloud --out build/cloud', 'smaller, for virtual machines'],
  ],
  options: (yargs) =>
    yargs
      .option('from-debian', {
        type: 'boolean',
        default: false,
        describe: 'out of Debian packages, which apt-get fetches',
      })
      .option('arch', {
        choices: IMAGE_ARCH_NAMES,
        default: OWN_ARCH,
        defaultDescription: 'that of this machine',
        describe: 'processor that the base is for',
      })
      .option('kernel', {
        choices: ['amd64', 'arm64', 'cloud'] as const,
        defaultDescription: 'amd64 or arm64, by --arch',
        describe: 'amd64, arm64: for real machines; cloud: for virtual machines, smaller',
      })
      .option('suite', {
        choices: SUITES,
        describe: 'release of Debian [default: what the sources of apt have]',
      })
      .option('out', { type: 'string', demandOption: true, describe: 'directory that gets vmlinuz and core.gz' })
      .option('module', {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'a kernel module besides the default ones',
      })
      .option('cache', { type: 'string', describe: 'where packages are kept [default: ~/.cache/razor-mk/debian]' }),
  run: async (args, host) => {
    if (!args['from-debian']) {
      throw new RazorMkError('RAZOR_MK_USAGE', '--from-debian is missing: it is the only source of a base', {
        remedy: 'Add --from-debian. A Tiny Core ISO needs no such step: razor-mk image build --base FILE.iso.',
      });
    }
    const { debian } = IMAGE_ARCHES[args.arch];
    if (args.kernel !== undefined && args.kernel !== 'cloud' && args.kernel !== debian) {
      throw new RazorMkError('RAZOR_MK_USAGE', `--kernel ${args.kernel} is none for --arch ${args.arch}`, {
        remedy: `Give --kernel ${debian} or cloud, or the other --arch.`,
      });
    }
    const started = performance.now();
    const progress = createProgress(host);
    try {
      const base = await makeDebianBase({
        kernel: args.kernel === 'cloud' ? 'cloud' : 'metal',
        arch: args.arch,
        out: resolve(args.out),
        suite: args.suite,
        env: host.env,
        cache: resolve(args.cache ?? defaultCache(host)),
        epoch: await sourceEpoch(host.env, PROJECT),
        modules: args.module,
        step: progress.step,
        signal: host.signal,
      });
      progress.done();
      const lines = [
        `${base.kernelPath}  ${megabytes(statSync(base.kernelPath).size)}  Linux ${base.kernelVersion}`,
        `${base.initrdPath}  ${megabytes(statSync(base.initrdPath).size)}  ${base.moduleCount} modules, ${megabytes(base.unpackedSize)} unpacked`,
        ...(base.missing.length > 0 ? [`not in this kernel: ${base.missing.join(' ')}`] : []),
        `in ${((performance.now() - started) / 1000).toFixed(1)} s`,
      ];
      host.out(`${lines.join('\n')}\n`);
    } finally {
      progress.done();
    }
    return 0;
  },
});

/** Where fetched Debian packages are kept: below XDG_CACHE_HOME, or ~/.cache. */
export function defaultCache(host: Host): string {
  const home = host.env['XDG_CACHE_HOME'] ?? join(host.env['HOME'] ?? '/tmp', '.cache');
  return join(home, 'razor-mk/debian');
}
