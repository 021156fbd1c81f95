/** `razor-mk image build`: a microkernel image from a Tiny Core base. */
import { join, resolve } from 'node:path';
import { FLAVOURS } from '../../../packaging/overlay.ts';
import { PROJECT } from '../../../packaging/paths.ts';
import { sourceVersion } from '../../../packaging/source-version.ts';
import { defineVerb } from '../../../platform/verb.ts';
import { FORMS } from '../agent-form.ts';
import { buildImage, FORMATS, type BuildResult } from '../build.ts';
import { sourceEpoch } from '../epoch.ts';
import { createProgress, megabytes } from '../progress.ts';
import { imageVersion } from '../version.ts';

const list = (describe: string) => ({
  type: 'string' as const,
  array: true as const,
  default: [] as string[],
  describe,
});

export const verb = defineVerb({
  options: (yargs) =>
    yargs
      .version(false)
      .option('base', { type: 'string', describe: 'Tiny Core ISO, or a directory with vmlinuz and core.gz' })
      .option('kernel', { type: 'string', describe: 'kernel file, instead of the base’s' })
      .option('initrd', { type: 'string', describe: 'core.gz, instead of the base’s' })
      .option('out', { type: 'string', demandOption: true, describe: 'directory for the results' })
      .option('format', {
        choices: FORMATS,
        array: true,
        default: ['kernel', 'iso'] as (typeof FORMATS)[number][],
        describe: 'what is written',
      })
      .option('flavour', {
        choices: FLAVOURS,
        default: 'prod' as const,
        describe: 'prod: no login anywhere; dev: logins that you give; debug: open consoles, debug log',
      })
      .option('version', { type: 'string', describe: 'three numbers [default: git describe, else package.json]' })
      .option('form', { choices: FORMS, default: 'tcz-gzip' as const, describe: 'how the agent lies in the initrd' })
      .option('agent', {
        type: 'string',
        default: join(PROJECT, 'build/razor-mk.tcz'),
        describe: 'the agent’s extension',
      })
      .option('extension', list('extension that is loaded at boot: a name, a .tcz or a .deb'))
      .option('mirror-extension', list('extension that goes into the node’s local mirror'))
      .option('extension-dir', list('directory where extensions are looked for'))
      .option('mirror', {
        type: 'string',
        describe: 'address of a mirror’s tcz directory, for extensions that are in no directory',
      })
      .option('module', list('kernel module: a name or a .ko file'))
      .option('module-dir', list('lib/modules/VERSION where modules are looked for by name'))
      .option('firmware', list('firmware file (or SRC:NAME) or directory for /lib/firmware'))
      .option('file', list('SRC:DST, a file or directory of yours'))
      .option('kernel-arg', list('word for the kernel line of the ISO'))
      .option('facts-d', list('directory of external facts'))
      .option('command', list('program that a server may name as a command'))
      .option('ssh-key', list('file of public keys for the user tc (not in prod)'))
      .option('password-hash', { type: 'string', describe: 'crypt(3) hash of tc’s password (not in prod)' })
      .option('serial', { type: 'string', default: 'ttyS0,115200', describe: 'serial console of the ISO, or none' })
      .option('timeout', { type: 'number', default: 1, describe: 'seconds that the ISO’s boot menu waits' })
      .option('volume-id', { type: 'string', default: 'RAZOR_MK', describe: 'volume id of the ISO' })
      .option('uefi', { type: 'boolean', default: true, describe: 'the ISO also boots under UEFI' })
      .option('json', { type: 'boolean', default: false, describe: 'print the result as JSON' }),
  run: async (args, host) => {
    const started = performance.now();
    const progress = createProgress(host);
    try {
      const version = await imageVersion(args.version, PROJECT, sourceVersion());
      const result = await buildImage({
        ...(args.base === undefined ? {} : { base: args.base }),
        ...(args.kernel === undefined ? {} : { kernel: args.kernel }),
        ...(args.initrd === undefined ? {} : { initrd: args.initrd }),
        ...(args.mirror === undefined ? {} : { mirror: args.mirror }),
        out: resolve(args.out),
        formats: args.format,
        flavour: args.flavour,
        version: version.version,
        form: args.form,
        agent: resolve(args.agent),
        extensions: args.extension,
        mirrorExtensions: args['mirror-extension'],
        extensionDirs: args['extension-dir'],
        modules: args.module,
        moduleDirs: args['module-dir'],
        firmware: args.firmware,
        files: args.file,
        factsDirs: args['facts-d'],
        commands: args.command,
        logins: {
          sshKeys: args['ssh-key'],
          ...(args['password-hash'] === undefined ? {} : { passwordHash: args['password-hash'] }),
        },
        iso: {
          kernelArgs: args['kernel-arg'],
          timeout: args.timeout,
          volumeId: args['volume-id'],
          uefi: args.uefi,
          ...(args.serial === 'none' ? {} : { serial: args.serial }),
        },
        epoch: await sourceEpoch(host.env, PROJECT),
        step: progress.step,
        signal: host.signal,
      });
      progress.done();
      const seconds = (performance.now() - started) / 1000;
      if (args.json) host.out(`${JSON.stringify({ ...result, version: version.version, seconds })}\n`);
      else host.out(report(result, version.note, seconds));
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
    `Linux ${result.kernelVersion}; unpacked ${megabytes(result.unpackedBytes)}; needs ${result.needsMib} MiB of memory\n`,
    ...groups,
    ...result.warnings.map((text) => `note: ${text}\n`),
    ...(note === undefined ? [] : [`note: ${note}\n`]),
    `in ${seconds.toFixed(1)} s\n`,
  ].join('');
}
