/** `image build`: base and image's own part become one initrd, and that the outputs that were asked for. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readOverlay, type Flavour } from '../../packaging/extension/overlay.ts';
import { replaceFile } from '../../platform/files.ts';
import { agentParts, formFor, type AgentSource, type Form, type FormChoice } from './extensions/agent-form.ts';
import { checkKernelFits, readBase, type BaseLocation } from './base/base-source.ts';
import { composeEntries, firmwareEntries, treeAt, unpackedBytes, userFiles } from './initrd/compose.ts';
import { pack } from './initrd/compress.ts';
import { writeCpio } from './initrd/cpio.ts';
import { missingDrivers, type Driver } from './initrd/drivers.ts';
import { debianExtension } from './extensions/debian-extension.ts';
import { collectExtensions, type Extension, type ExtensionSources } from './extensions/extensions.ts';
import { flavourFiles, type Logins } from './initrd/flavour.ts';
import { joinSegments } from './initrd/initrd.ts';
import { memoryNeeded } from './initrd/memory-need.ts';
import { metadataText, sha256 } from './iso/iso-metadata.ts';
import { addedModules } from './initrd/module-files.ts';
import { writeImageDirectory, writeMicrokernelTar } from './outputs.ts';
import { writeIso, type IsoOptions } from './iso/iso.ts';
import { allowDeployFile } from './initrd/settings-file.ts';
import { serverFiles, type ServerName } from './netboot/boot-files.ts';

export type Format = 'kernel' | 'iso' | 'dir' | 'tar';
export const FORMATS = ['kernel', 'iso', 'dir', 'tar'] as const;

export interface BuildOptions extends BaseLocation {
  readonly out: string;
  readonly formats: readonly Format[];
  readonly flavour: Flavour;
  readonly version: string;
  readonly form: FormChoice;
  /** razor-mk.tcz */
  readonly agent: string;
  readonly extensions: readonly string[];
  /** Debian packages that become extensions, and where they are kept. */
  readonly debian: readonly string[];
  readonly packageCache: string;
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
  readonly written: readonly { readonly path: string; readonly bytes: number }[];
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

/** Builds an image. Throws RAZOR_MK_IMAGE_*, RAZOR_MK_TCZ, RAZOR_MK_ISO, RAZOR_MK_ARCHIVE, RAZOR_MK_FILE_*. */
export async function buildImage(options: BuildOptions): Promise<BuildResult> {
  const { step, epoch, signal, flavour, version } = options;
  const serverPart = serverFiles({
    server: options.server ?? 'razor',
    kernelArgs: options.iso.kernelArgs,
    url: options.serverUrl,
    serial: options.iso.serial,
  });
  const settings = options.allowDeploy === true ? [allowDeployFile(options)] : [];
  step('reading the base');
  const base = await readBase(options);
  const form = options.form === 'auto' ? formFor(base.contents.tree) : options.form;
  const usesExtensions = form.startsWith('tcz') || options.extensions.length + options.debian.length > 0;
  const modules = await addedModules(base, options.modules, options.moduleDirs);
  const names = new Set([...base.modules, ...modules.names]);
  checkKernelFits({ ...base, modules: names }, usesExtensions);
  step('collecting extensions');
  const sources: ExtensionSources = {
    directories: options.extensionDirs,
    kernel: base.moduleVersion,
    epoch,
    mirror: options.mirror,
    signal,
  };
  const parts = {
    agent: await agentParts(agentSource(options), form),
    builtin: await builtinExtensions(options, sources),
    mirror: await collectExtensions(options.mirrorExtensions, sources),
    modules: modules.entries,
    firmware: firmwareEntries(options.firmware),
    files: [
      ...flavourFiles(base.contents.tree, flavour, options.logins),
      ...options.factsDirs.flatMap((path) => treeAt(path, FACTS_DIR)),
      ...options.commands.flatMap((path) => treeAt(path, `${COMMANDS_DIR}/${path.split('/').at(-1) ?? ''}`)),
      ...userFiles(options.files),
      ...settings,
    ],
  };
  step('composing the initrd');
  const draft = await composeEntries(base, readOverlay({ flavour, version, needsMib: 9999 }), parts);
  const unpacked = unpackedBytes(base, draft);
  const content = [...draft].reduce((sum, entry) => sum + entry.data.length, 0);
  const needsMib = memoryNeeded(unpacked, base.initrd.length + content);
  const entries = await composeEntries(base, readOverlay({ flavour, version, needsMib }), parts);
  step('compressing the initrd');
  const part = await pack(writeCpio(entries, { mtime: epoch }), parts.agent.compression, form.startsWith('tcz'));
  const initrd = joinSegments([base.initrd, part]);
  const image = { kernel: base.kernel, initrd, metadata: metadata(options, base.kernel, initrd) };
  mkdirSync(options.out, { recursive: true });
  const written: { path: string; bytes: number }[] = [];
  const note = (path: string, bytes: number): void => void written.push({ path, bytes });
  if (options.formats.includes('kernel')) {
    for (const [name, bytes] of [
      ['vmlinuz', image.kernel],
      ['core.gz', image.initrd],
    ] as const) {
      step(`writing ${name}`);
      replaceFile(join(options.out, name), bytes);
      note(join(options.out, name), bytes.length);
    }
  }
  for (const { path, content } of serverPart) {
    const bytes = typeof content === 'string' ? image[content] : Buffer.from(content.text);
    const target = join(options.out, path);
    step(`writing ${path}`);
    mkdirSync(dirname(target), { recursive: true });
    replaceFile(target, bytes);
    note(target, bytes.length);
  }
  if (options.formats.includes('dir')) {
    step('writing the directory for an image service');
    note(...writeImageDirectory(join(options.out, 'image'), image));
  }
  if (options.formats.includes('tar')) {
    step('writing microkernel.tar');
    note(...(await writeMicrokernelTar(join(options.out, 'microkernel.tar'), image, epoch)));
  }
  if (options.formats.includes('iso')) {
    step('writing the ISO');
    const path = join(options.out, `rz_mk_${flavour}-image.${version}.iso`);
    note(path, await writeIso(path, image, { ...options.iso, epoch, version, flavour }, signal));
  }
  return {
    written,
    form,
    kernelVersion: base.kernelVersion ?? '',
    kernelBytes: base.kernel.length,
    initrdBytes: initrd.length,
    unpackedBytes: unpacked,
    needsMib,
    missing: missingDrivers(names),
    warnings: warningsOf(options, base.contents.tree.has('etc/razor-mk/image'), modules.notes),
  };
}

function agentSource({ agent, epoch, packageCache, signal, step }: BuildOptions): AgentSource {
  const cache = join(packageCache, 'agent');
  return { file: agent, epoch, cache, step, signal };
}

/** What is loaded at boot: extensions with what they depend on, then Debian packages with their libraries. */
export async function builtinExtensions(options: BuildOptions, sources: ExtensionSources): Promise<Extension[]> {
  const extensions = await collectExtensions(options.extensions, sources);
  for (const name of options.debian) {
    options.step(`fetching ${name} and its libraries`);
    extensions.push(await debianExtension(name, { ...sources, cache: options.packageCache }));
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
