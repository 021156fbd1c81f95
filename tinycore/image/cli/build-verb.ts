/** `razor-mk image build`: a microkernel image from a Tiny Core base. */
import { defineVerb } from '../../../platform/process/verb.ts';
import { IMAGE_ARCHES } from '../architectures.ts';
import { buildImage, type BuildResult } from '../build.ts';
import type { ChosenFirmware } from '../modules/driver-firmware.ts';
import { planFirmware } from '../plan-image.ts';
import { createProgress, megabytes } from '../progress.ts';
import { addBuildOptions, prepareBuild } from './image-options.ts';

export const verb = defineVerb({
  examples: [
    ['image build --base build/base --out build/image', 'kernel, initrd and ISO'],
    [
      'image build --base CorePure64.iso --server ironic --out build/ironic',
      'on Tiny Core, with the files that Ironic expects',
    ],
    [
      'image build --base build/base --flavour dev --ssh-key ~/.ssh/id_ed25519.pub --out build/dev',
      'an image that one can log in to',
    ],
  ],
  options: (yargs) =>
    addBuildOptions(yargs)
      .option('out', { type: 'string', demandOption: true, describe: 'directory for the results' })
      .option('firmware-sizes', {
        type: 'boolean',
        default: false,
        describe: 'only say what --firmware-from would take, driver by driver; nothing is written',
      })
      .option('json', { type: 'boolean', default: false, describe: 'print the result as JSON' }),
  run: async (args, host) => {
    const started = performance.now();
    const progress = createProgress(host);
    try {
      const { options, note } = await prepareBuild(args, args.out, host, progress.step);
      if (args['firmware-sizes']) {
        const firmware = await planFirmware(options);
        progress.done();
        const { drivers, bytes } = firmware;
        host.out(args.json ? `${JSON.stringify({ drivers, bytes })}\n` : firmwareTable(firmware));
        return 0;
      }
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

/** A line for each driver that finds something, then what was not found. */
function firmwareTable({ drivers, bytes }: ChosenFirmware): string {
  const found = drivers.filter(({ files }) => files > 0);
  const wide = Math.max(...found.map(({ driver }) => driver.length));
  const rows = found.map(({ driver, files, bytes: own, absent }) => {
    const rest = absent.length === 0 ? '' : `, ${absent.length} that it names not found`;
    return `${driver.padEnd(wide)}  ${megabytes(own).padStart(9)}  ${files} file${files === 1 ? '' : 's'}${rest}\n`;
  });
  const nothing = drivers.filter(({ files }) => files === 0).map(({ driver }) => driver);
  return [
    ...rows,
    `${'together'.padEnd(wide)}  ${megabytes(bytes).padStart(9)}  of the machine’s memory\n`,
    ...(nothing.length === 0 ? [] : [`nothing found for: ${nothing.join(' ')}\n`]),
  ].join('');
}

function report(result: BuildResult, note: string | undefined, seconds: number): string {
  const wide = Math.max(...result.written.map((each) => each.path.length), 8);
  const groups = (['nic', 'storage'] as const).map((group) => {
    const names = result.missing.filter((driver) => driver.group === group).map((driver) => driver.module);
    return names.length === 0 ? '' : `no driver (${group}): ${names.join(' ')}\n`;
  });
  return [
    ...result.written.map(({ path, bytes }) => `${path.padEnd(wide)}  ${megabytes(bytes).padStart(9)}\n`),
    `Linux ${result.kernelVersion} for ${IMAGE_ARCHES[result.arch].machine}; the agent as ${result.form}; unpacked ${megabytes(result.unpackedBytes)}; needs ${result.needsMib} MiB of memory\n`,
    ...groups,
    ...firmwareLine(result),
    ...result.warnings.map((text) => `note: ${text}\n`),
    ...(note === undefined ? [] : [`note: ${note}\n`]),
    `in ${seconds.toFixed(1)} s\n`,
  ].join('');
}

function firmwareLine({ firmware }: BuildResult): string[] {
  if (firmware === undefined) return [];
  const found = firmware.filter(({ files }) => files > 0);
  return [`firmware: ${found.map(({ driver, bytes }) => `${driver} ${megabytes(bytes)}`).join(', ')}\n`];
}
