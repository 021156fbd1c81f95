/** `image build`: base and image's own part become one initrd, and that the outputs that were asked for. */
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { readOverlay, type Flavour } from '../../packaging/extension/overlay.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { agentParts, formFor, type AgentSource, type Form, type FormChoice } from './extensions/agent-form.ts';
import { BASE_FILES, checkKernelFits, readBase, type Base, type BaseLocation } from './base/base-source.ts';
import { composeEntries, firmwareEntries, treeAt, unpackedBytes, userFiles, type Parts } from './initrd/compose.ts';
import { compress } from './initrd/compress.ts';
import { writeCpio } from './initrd/cpio.ts';
import { missingDrivers, type Driver } from './modules/drivers.ts';
import type { Entry } from './initrd/entry.ts';
import { debianExtension } from './extensions/debian-extension.ts';
import { collectExtensions, type TczExtension, type ExtensionSources } from './extensions/extensions.ts';
import { flavourFiles, type Logins } from './initrd/flavour.ts';
import { joinSegments } from './initrd/initrd.ts';
import { memoryNeeded } from './initrd/memory-need.ts';
import { metadataText, sha256 } from './iso/iso-metadata.ts';
import { addedModules } from './modules/module-files.ts';
import { imageDirectory, microkernelTar, openOutputs, type ImageParts, type WrittenOutput } from './outputs.ts';
import { checkIsoOptions, isoPrograms, writeIso, type IsoOptions } from './iso/iso.ts';
import { requirePrograms } from './programs.ts';
import { allowDeployFile } from './initrd/settings-file.ts';
import { serverFiles, type ServerFile, type ServerName } from './netboot/boot-files.ts';

type ImageFormat = 'kernel' | 'iso' | 'dir' | 'tar';
export const IMAGE_FORMATS = ['kernel', 'iso', 'dir', 'tar'] as const;

export interface BuildOptions extends BaseLocation {
  readonly out: string;
  readonly formats: readonly ImageFormat[];
  readonly flavour: Flavour;
  readonly version: string;
  readonly form: FormChoice;
  /** razor-mk.tcz */
  readonly agent: string;
  readonly extensions: readonly string[];
  /** Debian packages that become extensions, and where they are kept. */
  readonly debian: readonly string[];
  readonly packageCache: string;
  /** Of the builder, for apt and downloads: proxies, APT_CONFIG. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly mirrorExtensions: readonly string[];
  readonly extensionDirs: readonly string[];
  readonly mirror?: string;
  /** Names or files of modules, and directories where names are looked for. */
  readonly modules: readonly string[];
  readonly moduleDirs: readonly string[];
  readonly firmware: readonly string[];
  readonly files: readonly string[];
  readonly factsDirs: readonly string[];
  readonly commands: readonly string[];
  readonly logins: Logins;
  readonly iso: IsoOptions;
  /** Whose boot files are written besides; `razor` for none. */
  readonly server?: ServerName;
  /** Its address, for those files. */
  readonly serverUrl?: string;
  /** Ironic may write images over disks of machines that boot this. */
  readonly allowDeploy?: boolean;
  readonly epoch: number;
  readonly step: (text: string) => void;
  readonly signal?: AbortSignal;
}

export interface BuildResult {
  /** Files and directories that were written. */
  readonly written: readonly WrittenOutput[];
  /** How the agent lies in the initrd. */
  readonly form: Form;
  readonly kernelVersion: string;
  readonly kernelBytes: number;
  readonly initrdBytes: number;
  readonly unpackedBytes: number;
  readonly needsMib: number;
  readonly missing: readonly Driver[];
  readonly warnings: readonly string[];
}

/** Places on the node that the agent looks into. */
const FACTS_DIR = 'etc/razor-mk/facts.d';
const COMMANDS_DIR = 'usr/lib/razor';

/** What goes into an image, collected; nothing is written yet. */
interface Plan {
  readonly base: Base;
  readonly form: Form;
  readonly parts: Parts;
  readonly serverPart: readonly ServerFile[];
  /** Names of all modules, those of the base included. */
  readonly modules: ReadonlySet<string>;
  readonly notes: readonly string[];
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
  const written = await writeOutputs(options, plan.serverPart, image);
  return {
    written,
    form: plan.form,
    kernelVersion: base.kernelVersion ?? '',
    kernelBytes: base.kernel.length,
    initrdBytes: initrd.length,
    unpackedBytes: unpacked,
    needsMib,
    missing: missingDrivers(plan.modules),
    warnings: warningsOf(options, base.contents.tree.has('etc/razor-mk/image'), plan.notes),
  };
}

/** Throws RAZOR_MK_USAGE where an output would take the place of what it is made from: the base would be lost. */
function refuseOwnInputs({ base, kernel, initrd, agent, out, formats }: BuildOptions): void {
  const real = (path: string): string => (existsSync(path) ? realpathSync(path) : path);
  const outputs = formats.includes('kernel') ? ['vmlinuz', 'core.gz'].map((name) => real(join(out, name))) : [];
  const inputs = [kernel, initrd, agent, ...(base === undefined ? [] : BASE_FILES.map((name) => join(base, name)))];
  const both = inputs.find((path) => path !== undefined && existsSync(path) && outputs.includes(real(path)));
  if (both === undefined) return;
  throw new RazorMkError('RAZOR_MK_USAGE', `the image would be written over ${both}, which it is made from`, {
    remedy: 'Name another directory with --out.',
  });
}

async function planImage(options: BuildOptions): Promise<Plan> {
  const { step, flavour } = options;
  const serverPart = serverFiles({
    server: options.server ?? 'razor',
    kernelArgs: options.iso.kernelArgs,
    url: options.serverUrl,
    serial: options.iso.serial,
  });
  const settings = options.allowDeploy === true ? [allowDeployFile(options)] : [];
  checkIsoOptions(options.iso);
  step('reading the base');
  const base = await readBase(options);
  const form = options.form === 'auto' ? formFor(base.contents.tree) : options.form;
  const usesExtensions = form.startsWith('tcz') || options.extensions.length + options.debian.length > 0;
  const modules = await addedModules(base, options.modules, options.moduleDirs);
  const names = new Set([...base.modules, ...modules.names]);
  checkKernelFits({ ...base, modules: names }, usesExtensions);
  requirePrograms(programsFor(options, form));
  step('collecting extensions');
  const sources: ExtensionSources = {
    directories: options.extensionDirs,
    kernel: base.moduleVersion,
    epoch: options.epoch,
    mirror: options.mirror,
    env: options.env,
    signal: options.signal,
  };
  const parts = {
    agent: await agentParts(agentSource(options), form),
    builtin: await builtinExtensions(options, sources),
    mirror: await collectExtensions(options.mirrorExtensions, sources),
    modules: modules.entries,
    firmware: firmwareEntries(options.firmware),
    files: [...flavourFiles(base.contents.tree, flavour, options.logins), ...filesOf(options), ...settings],
  };
  return { base, form, parts, serverPart, modules: names, notes: modules.notes };
}

/** What must be installed for this build, asked for before the long work begins. */
function programsFor({ formats, iso, modules, debian, extensions }: BuildOptions, form: Form): string[] {
  const debs = debian.length > 0 || extensions.some((name) => name.endsWith('.deb'));
  return [
    ...(form.startsWith('initrd') ? ['unsquashfs'] : []),
    ...(form === 'tcz-zstd' || form === 'tcz-xz' || debs ? ['mksquashfs', 'unsquashfs'] : []),
    ...(form === 'initrd-xz' ? ['xz'] : []),
    ...(modules.length > 0 ? ['depmod'] : []),
    ...(debs ? ['dpkg-deb'] : []),
    ...(debian.length > 0 ? ['apt-get', 'apt-cache'] : []),
    ...(formats.includes('iso') ? isoPrograms(iso) : []),
  ];
}

/** Files of the person who builds: facts, commands and whatever else. */
function filesOf({ factsDirs, commands, files }: BuildOptions): Entry[] {
  return [
    ...factsDirs.flatMap((path) => treeAt(path, FACTS_DIR)),
    ...commands.flatMap((path) => treeAt(path, `${COMMANDS_DIR}/${path.split('/').at(-1) ?? ''}`)),
    ...userFiles(files),
  ];
}

/** Room for the figure of memory that the first draft cannot know yet: as many digits as any machine's. */
const UNKNOWN_MIB = 9999;

async function composeInitrd(
  { step, flavour, version, epoch }: BuildOptions,
  { base, form, parts }: Plan,
): Promise<{ initrd: Buffer; unpacked: number; needsMib: number }> {
  step('composing the initrd');
  const draft = await composeEntries(base, readOverlay({ flavour, version, needsMib: UNKNOWN_MIB }), parts);
  const unpacked = unpackedBytes(base, draft);
  const content = draft.reduce((sum, entry) => sum + entry.data.length, 0);
  const needsMib = memoryNeeded(unpacked, base.initrd.length + content);
  const entries = await composeEntries(base, readOverlay({ flavour, version, needsMib }), parts);
  step('compressing the initrd');
  const part = await compress(writeCpio(entries, { mtime: epoch }), parts.agent.compression, form.startsWith('tcz'));
  return { initrd: joinSegments([base.initrd, part]), unpacked, needsMib };
}

async function writeOutputs(
  options: BuildOptions,
  serverPart: readonly ServerFile[],
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
      const iso = { ...options.iso, epoch, version, flavour };
      const path = at(`rz_mk_${flavour}-image.${version}.iso`);
      await outputs.written(path, (beside) => writeIso(beside, image, iso, options.signal));
    }
    return outputs.commit();
  } finally {
    outputs.discard();
  }
}

function agentSource({ agent, epoch, packageCache, signal, step }: BuildOptions): AgentSource {
  const cache = join(packageCache, 'agent');
  return { file: agent, epoch, cache, step, signal };
}

/** What is loaded at boot: extensions with what they depend on, then Debian packages with their libraries. */
export async function builtinExtensions(options: BuildOptions, sources: ExtensionSources): Promise<TczExtension[]> {
  const extensions = await collectExtensions(options.extensions, sources);
  for (const name of options.debian) {
    options.step(`fetching ${name} and its libraries`);
    extensions.push(await debianExtension(name, { ...sources, cache: options.packageCache, env: options.env }));
  }
  return extensions;
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
  const ssh = options.extensions.find((name) => /openssh|dropbear/.test(name));
  const warnings = [...notes];
  if (again)
    warnings.push('the base is an image of razor-mk already: the older agent is still in it and takes its space');
  if (options.flavour === 'dev' && options.logins.sshKeys.length === 0 && options.logins.passwordHash === undefined)
    warnings.push('nobody can log in to this dev image: neither --ssh-key nor --password-hash was given');
  if (ssh !== undefined && options.flavour === 'prod')
    warnings.push(`${ssh} is in the image, but prod never starts an ssh server`);
  if (options.allowDeploy === true)
    warnings.push('Ironic may overwrite disks of every machine that boots this image (--allow-deploy)');
  return warnings;
}
