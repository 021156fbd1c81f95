/** `razor-mk image build`: a microkernel image from a Tiny Core base. */
import { defineVerb } from '../../../platform/process/verb.ts';
import { buildImage, type BuildResult } from '../build.ts';
import { createProgress, megabytes } from '../progress.ts';
import { addBuildOptions, prepareBuild } from './image-options.ts';

export const verb = defineVerb({
  options: (yargs) =>
    addBuildOptions(yargs)
      .option('out', { type: 'string', demandOption: true, describe: 'directory for the results' })
      .option('json', { type: 'boolean', default: false, describe: 'print the result as JSON' }),
  run: async (args, host) => {
    const started = performance.now();
    const progress = createProgress(host);
    try {
      const { options, note } = await prepareBuild(args, args.out, host, progress.step);
      const result = await buildImage(options);
      progress.done();
      const seconds = (performance.now() - started) / 1000;
      if (args.json) host.out(`${JSON.stringify({ ...result, version: options.version, seconds })}\n`);
      else host.out(report(result, note, seconds));
      return 0;
    } finally {
      progress.done();
    }
  },
});

function report(result: BuildResult, note: string | undefined, seconds: number): string {
  const wide = Math.max(...result.written.map((each) => each.path.length), 8);
  const groups = (['nic', 'storage'] as const).map((group) => {
    const names = result.missing.filter((driver) => driver.group === group).map((driver) => driver.module);
    return names.length === 0 ? '' : `no driver (${group}): ${names.join(' ')}\n`;
  });
  return [
    ...result.written.map(({ path, bytes }) => `${path.padEnd(wide)}  ${megabytes(bytes).padStart(9)}\n`),
    `Linux ${result.kernelVersion}; the agent as ${result.form}; unpacked ${megabytes(result.unpackedBytes)}; needs ${result.needsMib} MiB of memory\n`,
    ...groups,
    ...result.warnings.map((text) => `note: ${text}\n`),
    ...(note === undefined ? [] : [`note: ${note}\n`]),
    `in ${seconds.toFixed(1)} s\n`,
  ].join('');
}
