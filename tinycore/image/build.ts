/** `image build`: base and image's own part become one initrd, and that the outputs that were asked for. */
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { readOverlay } from '../../packaging/extension/overlay.ts';
import type { Arch } from '../../packaging/project-paths.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { BASE_FILES } from './base/base-source.ts';
import type { BuildOptions } from './build-options.ts';
import type { Form } from './extensions/agent-form.ts';
import { composeEntries, unpackedBytes } from './initrd/compose.ts';
import { compress } from './initrd/compress.ts';
import { writeCpio } from './initrd/cpio.ts';
import { runBuildSteps } from './initrd/build-steps.ts';
import { joinSegments, treeOf } from './initrd/initrd.ts';
import { memoryNeeded } from './initrd/memory-need.ts';
import { metadataText, sha256 } from './iso/iso-metadata.ts';
import { writeIso } from './iso/iso.ts';
import type { DriverFirmware } from './modules/driver-firmware.ts';
import { missingDrivers, type Driver } from './modules/drivers.ts';
import { imageDirectory, microkernelTar, openOutputs, type ImageParts, type WrittenOutput } from './outputs.ts';
import { planImage, type ImagePlan } from './plan-image.ts';

export interface BuildResult {
  /** Files and directories that were written. */
  readonly written: readonly WrittenOutput[];
  /** How the agent lies in the initrd. */
  readonly form: Form;
  /** The processor that it is for. */
  readonly arch: Arch;
  readonly kernelVersion: string;
  readonly kernelBytes: number;
  readonly initrdBytes: number;
  readonly unpackedBytes: number;
  readonly needsMib: number;
  readonly missing: readonly Driver[];
  /** What each driver's firmware costs, with --firmware-from. */
  readonly firmware?: readonly DriverFirmware[];
  readonly warnings: readonly string[];
}

/**
 * Builds an image. Throws RAZOR_MK_IMAGE_*, RAZOR_MK_TCZ, RAZOR_MK_ISO, RAZOR_MK_ARCHIVE, RAZOR_MK_FILE_*; then nothing of the
 * outputs has changed.
 */
export async function buildImage(options: BuildOptions): Promise<BuildResult> {
  refuseOwnInputs(options);
  const plan = await planImage(options);
  const { base } = plan;
  const { initrd, unpacked, needsMib } = await composeInitrd(options, plan);
  const image = { kernel: base.kernel, initrd, metadata: metadata(options, base.kernel, initrd) };
  const written = await writeOutputs(options, plan, image);
  return {
    written,
    form: plan.form,
    arch: base.arch,
    kernelVersion: base.kernelVersion ?? '',
    kernelBytes: base.kernel.length,
    initrdBytes: initrd.length,
    unpackedBytes: unpacked,
    needsMib,
    missing: missingDrivers(plan.modules, base.arch),
    ...(plan.firmware === undefined ? {} : { firmware: plan.firmware.drivers }),
    warnings: warningsOf(options, base.contents.tree.has('etc/razor-mk/image'), plan.notes),
  };
}

/** Throws RAZOR_MK_USAGE where an output would take the place of what it is made from: the base would be lost. */
function refuseOwnInputs({ base, kernel, initrd, agent, out, formats }: BuildOptions): void {
  const real = (path: string): string => (existsSync(path) ? realpathSync(path) : path);
  const outputs = formats.includes('kernel') ? ['vmlinuz', 'core.gz'].map((name) => real(join(out, name))) : [];
  const inputs = [
    kernel,
    ...(initrd ?? []),
    agent,
    ...(base === undefined ? [] : BASE_FILES.map((name) => join(base, name))),
  ];
  const both = inputs.find((path) => path !== undefined && existsSync(path) && outputs.includes(real(path)));
  if (both === undefined) return;
  throw new RazorMkError('RAZOR_MK_USAGE', `the image would be written over ${both}, which it is made from`, {
    remedy: 'Name another directory with --out.',
  });
}

/** Room for the figure of memory that the first draft cannot know yet: as many digits as any machine's. */
const UNKNOWN_MIB = 9999;

async function composeInitrd(
  options: BuildOptions,
  { base, form, parts }: ImagePlan,
): Promise<{ initrd: Buffer; unpacked: number; needsMib: number }> {
  const { step, flavour, version, epoch, bootLogin } = options;
  step('composing the initrd');
  const draft = await composeEntries(base, readOverlay({ flavour, version, bootLogin, needsMib: UNKNOWN_MIB }), parts);
  const stepped = await runBuildSteps(treeOf([...base.contents.tree.values(), ...draft]), base, options);
  const all = { ...parts, stepped };
  const sized = treeOf([...draft, ...stepped]);
  const unpacked = unpackedBytes(base, [...sized.values()]);
  const content = [...sized.values()].reduce((sum, entry) => sum + entry.data.length, 0);
  const needsMib = memoryNeeded(unpacked, base.initrd.length + content);
  const entries = await composeEntries(base, readOverlay({ flavour, version, bootLogin, needsMib }), all);
  step('compressing the initrd');
  const part = await compress(writeCpio(entries, { mtime: epoch }), parts.agent.compression, form.startsWith('tcz'));
  return { initrd: joinSegments([base.initrd, part]), unpacked, needsMib };
}

async function writeOutputs(
  options: BuildOptions,
  { base, serverPart, loaders, iso: isoOptions }: ImagePlan,
  image: ImageParts,
): Promise<WrittenOutput[]> {
  const { out, formats, step, epoch, flavour, version } = options;
  const outputs = openOutputs();
  const at = (path: string): string => (step(`writing ${path}`), join(out, path));
  try {
    if (formats.includes('kernel')) {
      outputs.file(at('vmlinuz'), image.kernel);
      outputs.file(at('core.gz'), image.initrd);
    }
    for (const { path, content } of serverPart) {
      outputs.file(at(path), typeof content === 'string' ? image[content] : content.text);
    }
    if (formats.includes('dir')) outputs.directory(at('image'), imageDirectory(image));
    if (formats.includes('tar')) outputs.file(at('microkernel.tar'), await microkernelTar(image, epoch));
    if (formats.includes('iso')) {
      const iso = { ...isoOptions, arch: base.arch, epoch, version, flavour };
      const path = at(`rz_mk_${flavour}-image.${version}.iso`);
      await outputs.written(path, (beside) => writeIso(beside, image, { ...iso, loaders }, options.signal));
    }
    return outputs.commit();
  } finally {
    outputs.discard();
  }
}

function metadata(options: BuildOptions, kernel: Buffer, initrd: Buffer): string {
  return metadataText({
    version: options.version,
    kernel: 'boot/vmlinuz',
    initrd: 'boot/core.gz',
    kernelHash: sha256(kernel),
    initrdHash: sha256(initrd),
    buildTime: options.epoch,
  });
}

function warningsOf(options: BuildOptions, again: boolean, notes: readonly string[]): string[] {
  const ssh = [...options.extensions, ...options.debian].find((name) => /openssh|dropbear/.test(name));
  const warnings = [...notes];
  if (again)
    warnings.push('the base is an image of razor-mk already: the older agent is still in it and takes its space');
  if (options.flavour === 'dev' && options.logins.sshKeys.length === 0 && options.logins.passwordHash === undefined)
    warnings.push('nobody can log in to this dev image: neither --ssh-key nor --password-hash was given');
  if (ssh !== undefined && options.flavour === 'prod' && options.bootLogin !== true)
    warnings.push(`${ssh} is in the image, but prod never starts an ssh server`);
  for (const url of options.unproven ?? []) {
    const remedy = url === options.mirror ? 'Use https, or --extension-dir' : 'Give --base-sha256 HEX';
    warnings.push(
      `${url}: plain http, and the only checksum is an MD5 from there: whoever is on the way chooses what runs as root. ${remedy}`,
    );
  }
  if (options.bootLogin === true && ssh === undefined)
    warnings.push('no ssh server is in the image: of --boot-login only razor.rootpwd= will let anybody in');
  if (options.bootLogin === true)
    warnings.push('whoever writes the kernel line of a machine can log in to it as root (--boot-login)');
  if (options.allowDeploy === true)
    warnings.push('the server may overwrite disks of every machine that boots this image (--allow-deploy)');
  return warnings;
}
