/** `razor-mk image inspect FILE`: look into an ISO or an initrd. */
import { defineVerb } from '../../../platform/process/verb.ts';
import type { Arch } from '../../../packaging/project-paths.ts';
import { IMAGE_ARCHES } from '../architectures.ts';
import { inspectImage, type Inspection, type InitrdReport } from '../inspect.ts';
import { createProgress, megabytes } from '../progress.ts';

export const verb = defineVerb({
  examples: [
    ['image inspect build/image/razor-mk.iso', 'what it needs, which drivers it lacks, who could log in'],
    ['image inspect build/image/initrd.gz --json', 'the same of an initrd, for a program'],
  ],
  usage: '<file>',
  options: (yargs) =>
    yargs
      .positional('file', { type: 'string', demandOption: true, describe: 'an ISO or an initrd' })
      .option('json', { type: 'boolean', default: false, describe: 'print everything as JSON' }),
  run: async (args, host) => {
    const progress = createProgress(host);
    try {
      progress.step(`reading ${args.file}`);
      const found = await inspectImage(args.file);
      progress.done();
      host.out(args.json ? `${JSON.stringify(found, null, 2)}\n` : report(found));
      return found.problems.length === 0 ? 0 : 1;
    } finally {
      progress.done();
    }
  },
});

function report(found: Inspection): string {
  const lines: string[] = [];
  const row = (name: string, text: string): void => void lines.push(`${name.padEnd(12)} ${text}`);
  const { iso, metadata, kernel, initrd } = found;
  if (iso !== undefined) {
    row(
      'volume',
      `${iso.id}; ${iso.application || 'no application named'}; ${megabytes(iso.size)}; ${iso.fileCount} files, names by ${iso.names}`,
    );
    const platforms = iso.boot
      .filter((entry) => entry.bootable)
      .map((entry) => (entry.platform === 'bios' ? 'BIOS' : entry.platform === 'efi' ? 'UEFI' : 'other'));
    row(
      'boots',
      `as CD: ${platforms.join(', ') || 'no'}; as disk: ${[iso.disk.mbr ? 'BIOS' : '', iso.disk.efiPartition ? 'UEFI' : ''].filter(Boolean).join(', ') || 'no'}`,
    );
  }
  if (metadata?.metadata !== undefined) row('version', String(metadata.metadata['iso_version']));
  if (metadata !== undefined)
    row('server', metadata.accepted ? 'a Razor 0.x server takes it' : 'a Razor 0.x server refuses it');
  if (kernel !== undefined)
    row(
      'kernel',
      `${kernel.path}, ${megabytes(kernel.bytes)}, Linux ${kernel.version || 'of unknown version'}${forArch(kernel.arch)}\n${' '.repeat(13)}${kernel.sha256}`,
    );
  if (initrd !== undefined) lines.push(...initrdLines(initrd));
  for (const problem of found.problems) row('PROBLEM', problem);
  if (found.problems.length === 0) row('verdict', 'nothing found wrong');
  return `${lines.join('\n')}\n`;
}

function forArch(arch: Arch | undefined): string {
  return arch === undefined ? '' : ` for ${IMAGE_ARCHES[arch].machine}`;
}

function initrdLines(initrd: InitrdReport & { readonly path: string; readonly sha256: string }): string[] {
  const lines: string[] = [];
  const row = (name: string, text: string): void => void lines.push(`${name.padEnd(12)} ${text}`);
  row('initrd', `${initrd.path}, ${megabytes(initrd.bytes)}${forArch(initrd.arch)}\n${' '.repeat(13)}${initrd.sha256}`);
  for (const [index, each] of initrd.segments.entries()) {
    row(
      `  archive ${index + 1}`,
      `${each.compression}, ${megabytes(each.bytes)}, unpacked ${megabytes(each.unpacked)}, ${each.entries} entries`,
    );
  }
  row('memory', `${initrd.needsMib} MiB are needed to unpack it and to run (${megabytes(initrd.unpackedBytes)})`);
  if (initrd.image !== undefined) {
    row(
      'image',
      `${initrd.image.version ?? '?'}, ${initrd.image.flavour ?? '?'}${initrd.image.complete ? ', complete to its last file' : ''}`,
    );
  }
  if (initrd.image?.bootLogin === true)
    row('boot login', 'razor.sshkey= and razor.rootpwd= of the kernel line let root in (--boot-login)');
  if (initrd.openAccounts.length > 0)
    row(
      'logins',
      initrd.openAccounts.map(({ name, by }) => `${name} (${by === 'empty' ? 'no password' : by})`).join(', '),
    );
  for (const each of initrd.extensions)
    row('extension', `${each.name}, ${megabytes(each.bytes)}${each.onboot ? ', loaded at boot' : ''}`);
  if (initrd.kernelModules !== undefined)
    row('modules', `${initrd.kernelModules.count} of Linux ${initrd.kernelModules.version}`);
  for (const group of ['nic', 'storage'] as const) {
    const names = initrd.missing.filter((driver) => driver.group === group).map((driver) => driver.module);
    if (names.length > 0) row('no driver', `${group}: ${names.join(' ')}`);
  }
  return lines;
}
