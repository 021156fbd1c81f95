/** `razor-mk image base`: a base to try and test with where no Tiny Core ISO is at hand. */
import { join, resolve } from 'node:path';
import { PROJECT } from '../../../packaging/project-paths.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { defineVerb, type Host } from '../../../platform/process/verb.ts';
import { SUITES } from '../base/apt-suite.ts';
import { makeDebianBase } from '../base/base.ts';
import { sourceEpoch } from '../../../packaging/inventory/source-epoch.ts';
import { createProgress, megabytes } from '../progress.ts';
import { statSync } from 'node:fs';

export const verb = defineVerb({
  options: (yargs) =>
    yargs
      .option('from-debian', {
        type: 'boolean',
        default: false,
        describe: 'out of Debian packages, which apt-get fetches',
      })
      .option('kernel', {
        choices: ['amd64', 'cloud'] as const,
        default: 'amd64' as const,
        describe: 'amd64: for real machines; cloud: for virtual machines, smaller',
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
    const started = performance.now();
    const progress = createProgress(host);
    try {
      const base = await makeDebianBase({
        kernel: args.kernel,
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
