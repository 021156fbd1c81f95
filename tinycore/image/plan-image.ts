/** What goes into an image: collected and checked before anything is packed or written. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { baseProblems, mendBase, refuseProblems } from './base/base-needs.ts';
import { checkKernelFits, readBase, type Base } from './base/base-source.ts';
import { fetchPackage, packageFile } from './base/debian.ts';
import type { BuildOptions } from './build-options.ts';
import { agentParts, formFor, type AgentSource, type Form } from './extensions/agent-form.ts';
import { debianExtension, programsExtension } from './extensions/debian-extension.ts';
import { ERASE_EXTENSION, ERASE_PROGRAMS } from './extensions/erase-programs.ts';
import { collectExtensions, type TczExtension, type ExtensionSources } from './extensions/extensions.ts';
import { firmwareEntries, treeAt, userFiles, type Parts } from './initrd/compose.ts';
import { flavourFiles } from './initrd/flavour.ts';
import type { Entry } from './initrd/entry.ts';
import { resolvePath, treeOf } from './initrd/initrd.ts';
import { settingsFiles } from './initrd/settings-file.ts';
import { checkIsoOptions, isoPrograms } from './iso/iso.ts';
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
  /** With --secure-boot. */
  readonly loaders: SignedLoaders | undefined;
  /** Names of all modules, those of the base included. */
  readonly modules: ReadonlySet<string>;
  readonly notes: readonly string[];
}

/** Reads the base, holds it against what the image needs, and collects the rest. Throws as buildImage does. */
export async function planImage(options: BuildOptions): Promise<ImagePlan> {
  const { step, flavour } = options;
  const serverPart = serverFiles({
    server: options.server ?? 'razor',
    kernelArgs: options.iso.kernelArgs,
    url: options.serverUrl,
    serial: options.iso.serial,
  });
  const settings = settingsFiles(options);
  checkIsoOptions(options.iso);
  step('reading the base');
  const base = await readBase(options);
  const form = options.form === 'auto' ? formFor(base.contents.tree) : options.form;
  const usesExtensions =
    form.startsWith('tcz') || options.erase === true || options.extensions.length + options.debian.length > 0;
  const modules = await addedModules(base, options.modules, options.moduleDirs, options.modulesFrom);
  const names = new Set([...base.modules, ...modules.names]);
  checkKernelFits({ ...base, modules: names }, usesExtensions);
  const { tree } = base.contents;
  const files = filesOf(options);
  const mends = await mendBase(new Map([...tree, ...treeOf(files)]), () => staticBusybox(options));
  const seen = new Map([...tree, ...treeOf([...mends.entries, ...modules.entries, ...files])]);
  refuseProblems(base.from, baseProblems(seen, listsBuiltin(seen, base) ? names : undefined, options.iso.kernelArgs));
  requirePrograms(programsFor(options, form));
  const loaders = options.secureBoot === true ? await secureBootLoaders(options, base, seen) : undefined;
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
    files: [...mends.entries, ...flavourFiles(tree, flavour, options.logins), ...files, ...settings],
  };
  return { base, form, parts, serverPart, loaders, modules: names, notes: [...mends.notes, ...modules.notes] };
}

async function secureBootLoaders(
  { packageCache, env, signal, step, iso }: BuildOptions,
  base: Base,
  files: ReadonlyMap<string, Entry>,
): Promise<SignedLoaders> {
  if (!iso.uefi) {
    throw new RazorMkError('RAZOR_MK_USAGE', '--secure-boot needs UEFI', { remedy: 'Leave --no-uefi out.' });
  }
  step('checking the signatures of kernel and modules');
  await checkSignatures(base.kernel, files.values(), base.from);
  step('fetching the signed shim and GRUB');
  return await fetchSignedLoaders({ cache: packageCache, env, signal });
}

/** A program for bases without `ip`: static, so that it runs on any userland of the PC. */
async function staticBusybox({ packageCache, env, signal, step }: BuildOptions): Promise<Buffer> {
  step('fetching busybox-static, for its ip');
  const busybox = await fetchPackage('busybox-static', { cache: packageCache, env, signal }).catch((error: unknown) => {
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
    ...(formats.includes('iso') ? isoPrograms(iso, secureBoot === true) : []),
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

function agentSource({ agent, epoch, packageCache, signal, step }: BuildOptions): AgentSource {
  const cache = join(packageCache, 'agent');
  return { file: agent, epoch, cache, step, signal };
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
