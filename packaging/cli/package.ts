/** `razor-mk package`: build the executable of this clone. */
import { join, resolve } from 'node:path';
import { withProgress } from '../../platform/process/progress.ts';
import { defineVerb } from '../../platform/process/verb.ts';
import { buildExecutable } from '../executable/executable.ts';
import { buildExtension } from '../extension/extension-package.ts';
import { buildDirectory, PROJECT, type Arch } from '../project-paths.ts';
import { sourceEpoch } from '../inventory/source-epoch.ts';
import { sourceCommit, sourceVersion } from '../inventory/source-version.ts';
import { COMPRESSIONS } from '../extension/squashfs-options.ts';

export const verb = defineVerb({
  examples: [
    ['package', 'build/razor-mk and build/razor-mk.tcz'],
    ['package --arch arm64 --output build/arm64', 'for another processor'],
    ['package --lab', 'build/razor-mk-lab: the same with the lab in it, for a server'],
    ['package --no-budget', 'without measuring the compressed size, which takes longest'],
  ],
  options: (yargs) =>
    yargs
      .option('arch', {
        choices: ['x64', 'arm64'] as const,
        default: process.arch === 'arm64' ? ('arm64' as const) : ('x64' as const),
        defaultDescription: 'that of this machine',
        describe: 'processor that the executable is for',
      })
      .option('output', {
        type: 'string',
        describe: 'directory of the results: build, or build/ARCH for another processor',
      })
      .option('lab', {
        type: 'boolean',
        default: false,
        describe: 'the executable with the lab in it, and no extension',
      })
      .option('libraries', {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'further directory that holds shared libraries for --arch',
      })
      .option('pci-ids', {
        type: 'string',
        describe: 'list of PCI names to carry: a file, or none (default: Debian’s, if installed)',
      })
      .option('budget', {
        type: 'boolean',
        default: true,
        describe: 'measure the compressed size and fail above the budget',
      })
      .option('tcz', {
        choices: [...COMPRESSIONS, 'none'] as const,
        default: 'gzip' as const,
        describe: 'compression of the Tiny Core extension; every base understands gzip',
      })
      .option('json', { type: 'boolean', default: false, describe: 'print the result as JSON' })
      .option('v8-flag', {
        type: 'string',
        array: true,
        describe: 'bake these V8 flags in instead of the default ones (for measurements)',
      }),
  run: async (args, host) => {
    const started = performance.now();
    const arch: Arch = args.arch;
    const output = resolve(args.output ?? buildDirectory(arch));
    const flags = args['v8-flag'];
    const pciIds = args['pci-ids'];
    const say = (text: string): void => (args.json ? undefined : host.err(text));
    const result = await buildExecutable({
      arch,
      lab: args.lab,
      version: sourceVersion(),
      commit: await sourceCommit(),
      output,
      cache: join(PROJECT, 'build/cache'),
      env: host.env,
      libraries: args.libraries.map((directory) => resolve(directory)),
      budget: args.budget,
      ...(pciIds === undefined ? {} : { pciIds: pciIds === 'none' ? pciIds : resolve(pciIds) }),
      say,
      ...(flags === undefined ? {} : { flags: flags.filter((flag) => flag !== '') }),
    });
    const epoch = await sourceEpoch(host.env, PROJECT);
    let tcz: { readonly path: string; readonly bytes: number } | undefined;
    const compression = args.lab ? 'none' : args.tcz;
    if (compression !== 'none') {
      const path = `${result.executable}.tcz`;
      const { bytes } = await withProgress(say, 'packing       the extension', () =>
        buildExtension({
          arch,
          version: sourceVersion(),
          executable: result.executable,
          libraries: result.libraries,
          licences: result.licences,
          sbom: result.sbom,
          output: path,
          compression,
          epoch,
        }),
      );
      tcz = { path, bytes };
      if (!args.json) host.err(`extension    ${bytes.toLocaleString('en')} bytes, ${args.tcz}\n`);
    }
    const seconds = (performance.now() - started) / 1000;
    if (args.json) {
      const { executable, bytes, sha256, compressedBytes, bundleBytes, packages, sbom, licences } = result;
      host.out(
        `${JSON.stringify({ executable, bytes, sha256, compressedBytes, bundleBytes, packages, sbom, licences, tcz, seconds })}\n`,
      );
    } else {
      const files = [result.executable, result.sbom, result.licences, ...(tcz === undefined ? [] : [tcz.path])];
      host.out(`${files.join('\n')}\nin ${seconds.toFixed(1)} s\n`);
    }
    return 0;
  },
});
