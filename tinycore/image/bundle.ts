/**
 * `image bundle`: everything that a build needs in one tar file, for a builder without network: base, agent, extensions
 * with what they depend on, files, and image.yaml that names them from its own directory.
 */
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { pack, type Pack } from 'tar-stream';
import { stringify } from 'yaml';
import { replaceFile } from '../../platform/files.ts';
import { readBase } from './base/base-source.ts';
import type { BuildOptions } from './build-options.ts';
import { readAgent } from './extensions/agent-form.ts';
import { agentSource, builtinExtensions, planFirmware } from './plan-image.ts';
import { linkTarget, type Entry } from './initrd/entry.ts';
import { collectExtensions, type TczExtension } from './extensions/extensions.ts';
import { treeAt } from './initrd/compose.ts';
import { addedModules } from './modules/module-files.ts';

interface BundledFile {
  readonly data: Uint8Array;
  readonly mode: number;
  readonly link?: string;
}

/** The files of a bundle by their place in it. */
type BundledFiles = Map<string, BundledFile>;

/** Writes the bundle. Returns its size and how many files it holds. Throws what a build would throw for the same options. */
export async function writeBundle(path: string, options: BuildOptions): Promise<{ bytes: number; files: number }> {
  const base = await readBase(options);
  const sources = {
    directories: options.extensionDirs,
    kernel: base.moduleVersion,
    arch: base.arch,
    epoch: options.epoch,
    mirror: options.mirror,
  };
  const builtin = await builtinExtensions(options, sources);
  const mirror = await collectExtensions(options.mirrorExtensions, sources);
  const modules = await addedModules(base, options.modules, options.moduleDirs);
  const agent = await readAgent(agentSource(options, base.arch));
  const files: BundledFiles = new Map();
  const add = (name: string, data: Uint8Array): void => void files.set(name, { data, mode: 0o644 });
  add('base/vmlinuz', base.kernel);
  add('base/core.gz', base.initrd);
  add('agent/razor-mk.tcz', agent.data);
  for (const extension of [...builtin, ...mirror]) addExtension(add, extension);
  for (const entry of modules.entries) add(`modules/${basename(entry.path)}`, entry.data);
  // of a tree of firmware only what the drivers name
  const chosen = (options.firmwareFrom ?? []).length === 0 ? [] : (await planFirmware(options)).entries;
  for (const { path, data } of chosen) add(path.replace(/^lib\/firmware/, 'driver-firmware'), data);
  const copied = copiedFiles(files, options);
  const config = {
    ...(builtin.length + mirror.length > 0 ? { 'extension-dir': ['extensions'] } : {}),
    extension: builtin.map((each) => each.name),
    'mirror-extension': mirror.map((each) => each.name),
    module: modules.entries.map((entry) => `modules/${basename(entry.path)}`),
    ...copied,
    ...(chosen.length === 0 ? {} : { firmware: ['driver-firmware', ...copied.firmware] }),
    ...plainOptions(options),
  };
  add('image.yaml', Buffer.from(`# razor-mk image build --config image.yaml --out DIR\n${stringify(config)}`));
  const bytes = await tarOf(files, options.epoch);
  replaceFile(path, bytes);
  return { bytes: bytes.length, files: files.size };
}

/** Options of image.yaml whose values are as they were given. */
function plainOptions(options: BuildOptions): Record<string, unknown> {
  return {
    base: 'base',
    agent: 'agent/razor-mk.tcz',
    version: options.version,
    flavour: options.flavour,
    form: options.form,
    format: [...options.formats],
    'password-hash': options.logins.passwordHash,
    ...(options.bootLogin === true ? { 'boot-login': true } : {}),
    'kernel-arg': [...options.iso.kernelArgs],
    serial: options.iso.serial ?? 'none',
    timeout: options.iso.timeout,
    'volume-id': options.iso.volumeId,
    uefi: options.iso.uefi,
    server: options.server,
    'server-url': options.serverUrl,
    ...(options.allowDeploy === true ? { 'allow-deploy': true } : {}),
  };
}

/** Options of image.yaml that name files, which are put into the bundle. */
function copiedFiles(
  files: BundledFiles,
  options: BuildOptions,
): Record<string, unknown> & { readonly firmware: readonly string[] } {
  const { modulesFrom = '' } = options;
  const isTree = modulesFrom !== '' && statSync(modulesFrom).isDirectory();
  const copy = (kind: string, sources: readonly string[], targets: boolean): string[] =>
    sources.map((text, index) => {
      const colon = targets ? text.lastIndexOf(':') : -1;
      const source = colon < 0 ? text : text.slice(0, colon);
      const place = `${kind}/${index}/${basename(source)}`;
      for (const entry of treeAt(source, place)) addTree(files, entry);
      if (statSync(source).isDirectory()) files.delete(place);
      return colon < 0 ? (targets && kind === 'file' ? `${place}:${source}` : place) : `${place}${text.slice(colon)}`;
    });
  return {
    firmware: copy('firmware', options.firmware, true),
    'build-step': copy('build-step', options.buildSteps ?? [], false),
    file: copy('file', options.files, true),
    'facts-d': copy('facts-d', options.factsDirs, false),
    command: copy('command', options.commands, false),
    'ssh-key': copy('ssh-key', options.logins.sshKeys, false),
    ...(options.siteKey === undefined ? {} : { 'site-key': copy('site-key', [options.siteKey], false)[0] }),
    // an archive of modules is in base/core.gz already
    ...(isTree ? { 'modules-from': copy('modules-from', [modulesFrom], false)[0] } : {}),
  };
}

function addExtension(add: (name: string, data: Uint8Array) => void, extension: TczExtension): void {
  const path = `extensions/${extension.name}`;
  add(path, extension.data);
  add(`${path}.md5.txt`, Buffer.from(`${extension.md5}  ${extension.name}\n`));
  if (extension.dep.length > 0) add(`${path}.dep`, Buffer.from(`${extension.dep.join('\n')}\n`));
}

function addTree(files: BundledFiles, entry: Entry): void {
  if (entry.type === 'file') files.set(entry.path, { data: entry.data, mode: entry.mode });
  if (entry.type === 'symlink') files.set(entry.path, { data: new Uint8Array(), mode: 0o777, link: linkTarget(entry) });
}

async function tarOf(files: BundledFiles, epoch: number): Promise<Buffer> {
  const stream: Pack = pack();
  const common = { mtime: new Date(epoch * 1000), uid: 0, gid: 0, uname: 'root', gname: 'root' };
  for (const name of [...files.keys()].sort()) {
    const file = files.get(name);
    if (file === undefined) continue;
    if (file.link !== undefined)
      stream.entry({ ...common, name, type: 'symlink', linkname: file.link, mode: file.mode });
    else stream.entry({ ...common, name, mode: file.mode }, Buffer.from(file.data));
  }
  stream.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
