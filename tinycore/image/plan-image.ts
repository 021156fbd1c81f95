/** What goes into an image: collected and checked before anything is packed or written. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Arch } from '../../packaging/project-paths.ts';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { IMAGE_ARCHES } from './architectures.ts';
import { baseProblems, mendBase, refuseProblems } from './base/base-needs.ts';
import { checkKernelFits, readBase, type Base } from './base/base-source.ts';
import { fetchPackage, packageFile } from './base/debian.ts';
import type { BuildOptions } from './build-options.ts';
import { agentParts, formFor, packagedAgent, type AgentSource, type Form } from './extensions/agent-form.ts';
import { debianExtension, programsExtension } from './extensions/debian-extension.ts';
import { ERASE_EXTENSION, ERASE_PROGRAMS } from './extensions/erase-programs.ts';
import { collectExtensions, type TczExtension, type ExtensionSources } from './extensions/extensions.ts';
import { firmwareEntries, treeAt, userFiles, type Parts } from './initrd/compose.ts';
import { flavourFiles } from './initrd/flavour.ts';
import type { Entry } from './initrd/entry.ts';
import { resolvePath, treeOf } from './initrd/initrd.ts';
import { settingsFiles } from './initrd/settings-file.ts';
import { checkIsoOptions, isoPrograms, USUAL_SERIAL, type IsoOptions } from './iso/iso.ts';
import { chooseFirmware, firmwareNames, type ChosenFirmware } from './modules/driver-firmware.ts';
import { addedModules } from './modules/module-files.ts';
import { serverFiles, type ServerFile } from './netboot/boot-files.ts';
import { checkSignatures, fetchSignedLoaders, type SignedLoaders } from './netboot/secure-boot.ts';
import { requirePrograms } from './programs.ts';

/** Places on the node that the agent looks into. */
const FACTS_DIR = 'etc/razor-mk/facts.d';
const COMMANDS_DIR = 'usr/lib/razor';

/** What goes into an image, collected; nothing is written yet. */
export interface ImagePlan {
  readonly base: Base;
  readonly form: Form;
  readonly parts: Parts;
  readonly serverPart: readonly ServerFile[];
  /** With --secure-boot, and for every ISO of a processor that is not the PC's. */
  readonly loaders: SignedLoaders | undefined;
  /** With the serial port that is usual for the base's processor, where nobody chose one. */
  readonly iso: IsoOptions;
  /** Names of all modules, those of the base included. */
  readonly modules: ReadonlySet<string>;
  /** With --firmware-from. */
  readonly firmware: ChosenFirmware | undefined;
  readonly notes: readonly string[];
}

/** A base that is fit for the image, and what is added to it. */
interface CheckedBase {
  readonly base: Base;
  readonly form: Form;
  readonly modules: Awaited<ReturnType<typeof addedModules>>;
  /** Names of all modules, those of the base included. */
  readonly names: ReadonlySet<string>;
  readonly mends: Awaited<ReturnType<typeof mendBase>>;
  /** Of the person who builds. */
  readonly files: readonly Entry[];
  /** The base with all of it. */
  readonly tree: ReadonlyMap<string, Entry>;
}

async function checkedBase(options: BuildOptions): Promise<CheckedBase> {
  options.step('reading the base');
  const base = await readBase(options);
  const form = options.form === 'auto' ? formFor(base.contents.tree) : options.form;
  const usesExtensions =
    form.startsWith('tcz') || options.erase === true || options.extensions.length + options.debian.length > 0;
  const modules = await addedModules(base, options.modules, options.moduleDirs, options.modulesFrom);
  const names = new Set([...base.modules, ...modules.names]);
  checkKernelFits({ ...base, modules: names }, usesExtensions);
  const files = filesOf(options);
  const own = base.contents.tree;
  const mends = await mendBase(new Map([...own, ...treeOf(files)]), () => staticBusybox(options, base.arch));
  const tree = new Map([...own, ...treeOf([...mends.entries, ...modules.entries, ...files])]);
  refuseProblems(base.from, baseProblems(tree, listsBuiltin(tree, base) ? names : undefined, options.iso.kernelArgs));
  return { base, form, modules, names, mends, files, tree };
}

/** What --firmware-from would take; nothing is packed. Throws as buildImage does, RAZOR_MK_USAGE without that option. */
export async function planFirmware(options: BuildOptions): Promise<ChosenFirmware> {
  const { base, tree } = await checkedBase(options);
  const firmware = await firmwareFor(options, base, tree);
  if (firmware !== undefined) return firmware;
  throw new RazorMkError('RAZOR_MK_USAGE', 'no directory of firmware was named', {
    remedy: 'Give --firmware-from DIR: an unpacked package, or a tree like /lib/firmware.',
  });
}

/** Reads the base, holds it against what the image needs, and collects the rest. Throws as buildImage does. */
export async function planImage(options: BuildOptions): Promise<ImagePlan> {
  const { step, flavour } = options;
  // first: to read a base may take a while
  const settings = settingsFiles(options);
  checkIsoOptions(options.iso);
  serverPartOf(options, options.iso);
  const { base, form, modules, names, mends, files, tree } = await checkedBase(options);
  const iso = isoFor(options, base);
  const firmware = await firmwareFor(options, base, tree);
  requirePrograms(programsFor(options, form, base.arch));
  const loaders = await signedLoaders(options, base, tree);
  step('collecting extensions');
  const sources: ExtensionSources = {
    directories: options.extensionDirs,
    kernel: base.moduleVersion,
    arch: base.arch,
    epoch: options.epoch,
    mirror: options.mirror,
    env: options.env,
    signal: options.signal,
  };
  const logins = flavourFiles(base.contents.tree, flavour, options.logins);
  const parts = {
    agent: await agentParts(agentSource(options, base.arch), form),
    builtin: await builtinExtensions(options, sources),
    mirror: await collectExtensions(options.mirrorExtensions, sources),
    modules: modules.entries,
    firmware: [...(firmware?.entries ?? []), ...firmwareEntries(options.firmware)],
    files: [...mends.entries, ...logins, ...files, ...settings],
  };
  return {
    base,
    form,
    parts,
    serverPart: serverPartOf(options, iso),
    loaders,
    iso,
    modules: names,
    firmware,
    notes: [...mends.notes, ...modules.notes],
  };
}

/** Without --firmware-from undefined. Throws as chooseFirmware does. */
async function firmwareFor(
  { firmwareFrom = [], step }: BuildOptions,
  { moduleVersion }: Base,
  tree: ReadonlyMap<string, Entry>,
): Promise<ChosenFirmware | undefined> {
  if (firmwareFrom.length === 0) return undefined;
  step('choosing firmware');
  return await chooseFirmware(await firmwareNames(tree, moduleVersion), firmwareFrom);
}

function serverPartOf({ server = 'razor', serverUrl }: BuildOptions, iso: IsoOptions): readonly ServerFile[] {
  const { kernelArgs, serial } = iso;
  return serverFiles({ server, kernelArgs, url: serverUrl, serial });
}

/** Throws RAZOR_MK_USAGE for an ISO that no machine of the base's processor would boot. */
function isoFor({ iso, formats }: BuildOptions, { arch, from }: Base): IsoOptions {
  if (formats.includes('iso') && arch !== 'x64' && !iso.uefi) {
    throw new RazorMkError('RAZOR_MK_USAGE', `${from} is for ${IMAGE_ARCHES[arch].machine}, which has no BIOS`, {
      remedy: 'Leave --no-uefi out.',
    });
  }
  return iso.serial === USUAL_SERIAL ? { ...iso, serial: IMAGE_ARCHES[arch].serial } : iso;
}

/** Those of the ISO: for the PC only under Secure Boot, where GRUB is otherwise made of the machine's own modules. */
async function signedLoaders(
  { packageCache, env, signal, step, iso, secureBoot, formats }: BuildOptions,
  { arch, kernel, from }: Base,
  files: ReadonlyMap<string, Entry>,
): Promise<SignedLoaders | undefined> {
  if (secureBoot === true) {
    if (!iso.uefi) {
      throw new RazorMkError('RAZOR_MK_USAGE', '--secure-boot needs UEFI', { remedy: 'Leave --no-uefi out.' });
    }
    step('checking the signatures of kernel and modules');
    await checkSignatures(kernel, files.values(), from);
  } else if (arch === 'x64' || !formats.includes('iso')) return undefined;
  step('fetching the signed shim and GRUB');
  return await fetchSignedLoaders({ cache: packageCache, arch, env, signal });
}

/** A program for bases without `ip`: static, so that it runs on any userland. */
async function staticBusybox({ packageCache, env, signal, step }: BuildOptions, arch: Arch): Promise<Buffer> {
  step('fetching busybox-static, for its ip');
  const source = { cache: packageCache, arch, env, signal };
  const busybox = await fetchPackage('busybox-static', source).catch((error: unknown) => {
    throw new RazorMkError(
      'RAZOR_MK_IMAGE_BASE',
      `the base has no ip, and none could be fetched: ${messageOf(error)}`,
      {
        remedy: 'Give a static one: --file BUSYBOX:/sbin/ip, with the busybox of Debian’s busybox-static.',
        cause: error,
      },
    );
  });
  return readFileSync(packageFile(busybox, 'bin/busybox'));
}

/** Whether the tree says what is built into its kernel: only then can a module be said to be missing. */
function listsBuiltin(tree: ReadonlyMap<string, Entry>, { moduleVersion }: Base): boolean {
  return tree.has(resolvePath(tree, `lib/modules/${moduleVersion}/modules.builtin`));
}

/** What must be installed for this build, asked for before the long work begins. */
function programsFor(
  { secureBoot, formats, iso, modules, debian, extensions, erase }: BuildOptions,
  form: Form,
  arch: Arch,
): string[] {
  const fetches = debian.length > 0 || erase === true;
  const debs = fetches || extensions.some((name) => name.endsWith('.deb'));
  return [
    ...(form.startsWith('initrd') ? ['unsquashfs'] : []),
    ...(form === 'tcz-zstd' || form === 'tcz-xz' || debs ? ['mksquashfs', 'unsquashfs'] : []),
    ...(form === 'initrd-xz' ? ['xz'] : []),
    ...(modules.length > 0 ? ['depmod'] : []),
    ...(debs ? ['dpkg-deb'] : []),
    ...(fetches ? ['apt-get', 'apt-cache'] : []),
    ...(formats.includes('iso') ? isoPrograms(iso, arch, secureBoot === true) : []),
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

/** The agent that goes in: what was named, else what the packager made for the base's processor. */
export function agentSource({ agent, epoch, packageCache, signal, step }: BuildOptions, arch: Arch): AgentSource {
  const cache = join(packageCache, 'agent');
  return { file: agent ?? packagedAgent(arch), arch, epoch, cache, step, signal };
}

/** What is loaded at boot: extensions with what they depend on, then Debian packages with their libraries. */
export async function builtinExtensions(options: BuildOptions, sources: ExtensionSources): Promise<TczExtension[]> {
  const extensions = await collectExtensions(options.extensions, sources);
  const fetching = { ...sources, cache: options.packageCache, env: options.env };
  for (const name of options.debian) {
    options.step(`fetching ${name} and its libraries`);
    extensions.push(await debianExtension(name, fetching));
  }
  if (options.erase === true) {
    options.step('fetching the programs that erase disks');
    extensions.push(await programsExtension(ERASE_EXTENSION, ERASE_PROGRAMS, fetching));
  }
  return extensions;
}
