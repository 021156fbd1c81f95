/**
 * Debian packages as material: fetched with apt-get download (which checks them against the signed lists), unpacked beside,
 * nothing installed. What was fetched and unpacked once stays in the cache directory.
 */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { ownMark, removeLeftovers } from '../../../platform/leftovers.ts';
import { run, type RunOptions } from '../../../platform/process/run.ts';
import { hasEntryWithin, listWithin, withinSync } from '../../../platform/within.ts';
import type { Arch } from '../../../packaging/project-paths.ts';
import { IMAGE_ARCHES, OWN_ARCH } from '../architectures.ts';
import { must } from '../programs.ts';
import { aptSuite, type Suite } from './apt-suite.ts';

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  /** Where its files lie, unpacked. */
  readonly root: string;
}

export interface PackageSource {
  /** Where packages are kept. */
  readonly cache: string;
  /** The release that they come from; what the machine's own sources have by default. */
  readonly suite?: Suite;
  /** The processor that they are for; this machine's by default. */
  readonly arch?: Arch;
  /** Of the builder: proxies and APT_CONFIG are handed to apt. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

const NO_LISTS = 'Run apt-get update; the package must be in one of the sources of apt.';

/** What apt takes of the environment of whoever builds. */
const APT_VARIABLES = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy', 'APT_CONFIG'];

function aptRun({ env = {}, signal }: PackageSource): RunOptions {
  const names = APT_VARIABLES.flatMap((name) => [name, name.toUpperCase()]);
  const set = [...new Set(names)].flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
  return { timeoutMs: 600_000, signal, env: Object.fromEntries(set) };
}

async function aptOptions(source: PackageSource): Promise<readonly string[]> {
  const { suite, cache, arch = OWN_ARCH } = source;
  const foreign = arch === OWN_ARCH ? undefined : IMAGE_ARCHES[arch].debian;
  if (suite === undefined && foreign === undefined) return [];
  return await aptSuite({ suite, foreign, cache, run: aptRun(source) });
}

/** What apt-cache knows of a package's dependencies, as it prints them. Throws RAZOR_MK_DOWNLOAD for an unknown package. */
export async function dependencyText(
  name: string,
  source: PackageSource,
  ...flags: readonly string[]
): Promise<string> {
  const argv = ['apt-cache', ...(await aptOptions(source)), 'depends', ...flags, '--important', name] as const;
  const result = await must(argv, aptRun(source)).catch((error: unknown) => {
    if (error instanceof RazorMkError && error.message.includes('not installed')) throw error;
    throw new RazorMkError('RAZOR_MK_DOWNLOAD', `apt knows no package ${name}`, { remedy: NO_LISTS, cause: error });
  });
  return result.stdout.toString();
}

/** `metal`: for real machines; `cloud`: for virtual ones, smaller. */
export type KernelKind = 'metal' | 'cloud';

/** The package that a meta package stands for: linux-image-amd64 is linux-image-6.1.0-56-amd64 today. */
export async function kernelPackage(kind: KernelKind, source: PackageSource): Promise<string> {
  const { debian } = IMAGE_ARCHES[source.arch ?? OWN_ARCH];
  const meta = kind === 'cloud' ? `linux-image-cloud-${debian}` : `linux-image-${debian}`;
  const name = /Depends: (linux-image-[0-9]\S+)/.exec(await dependencyText(meta, source))?.[1];
  if (name === undefined) throw new RazorMkError('RAZOR_MK_DOWNLOAD', `${meta} names no kernel`, { remedy: NO_LISTS });
  return name;
}

/** Fetches a package and unpacks it into the cache, unless it is there. Throws RAZOR_MK_DOWNLOAD. */
export async function fetchPackage(name: string, source: PackageSource): Promise<DebianPackage> {
  const [found] = await fetchPackages([name], source);
  return found as DebianPackage;
}

/** The same for several, in their order; apt is asked once. */
export async function fetchPackages(names: readonly string[], source: PackageSource): Promise<DebianPackage[]> {
  mkdirSync(source.cache, { recursive: true });
  removeLeftovers(source.cache);
  const apt = await aptOptions(source);
  // in another directory than the cache: it is silent about a file that lies there
  const asked = await run(['apt-get', ...apt, 'download', '--print-uris', ...names], { ...aptRun(source), cwd: '/' });
  if (asked.failure === 'not-found') await must(['apt-get', '--version']);
  const lines = asked.stdout.toString().split('\n');
  const packages: DebianPackage[] = [];
  for (const name of names) {
    const line = lines.map((each) => /^'[^']+' (\S+) (\d+) SHA256:([0-9a-f]{64})/.exec(each));
    const [, file, , digest] = line.find((match) => match?.[1]?.startsWith(`${name}_`)) ?? [];
    if (file === undefined || digest === undefined || file.includes('/')) {
      const reason = asked.stderr.toString().trim().split('\n').at(-1) ?? '';
      throw new RazorMkError('RAZOR_MK_DOWNLOAD', `apt knows no package ${name}: ${reason}`, { remedy: NO_LISTS });
    }
    packages.push(await fetchFile({ name, file, digest, apt }, source));
  }
  return packages;
}

interface PackageFile {
  readonly name: string;
  /** `busybox-static_1.35.0-4_amd64.deb` */
  readonly file: string;
  /** SHA-256 of the signed list. */
  readonly digest: string;
  readonly apt: readonly string[];
}

async function fetchFile({ name, file, digest, apt }: PackageFile, source: PackageSource): Promise<DebianPackage> {
  const { cache, signal } = source;
  const version = decodeURIComponent(file.split('_')[1] ?? '');
  const root = join(cache, `${file.replace(/\.deb$/, '')}.${digest.slice(0, 12)}`);
  if (existsSync(root)) return { name, version, root };
  const deb = join(cache, file);
  if (!existsSync(deb) || sha256(deb) !== digest) {
    rmSync(deb, { force: true });
    const result = await run(['apt-get', ...apt, 'download', name], { ...aptRun(source), cwd: cache });
    if (result.status !== 0 || !existsSync(deb) || sha256(deb) !== digest) {
      const reason = result.stderr.toString().trim().split('\n').at(-1) ?? '';
      throw new RazorMkError('RAZOR_MK_DOWNLOAD', `${name} could not be fetched: ${reason}`, {
        remedy: 'Check the network and the sources of apt (apt-get update), then run it again.',
      });
    }
  }
  await unpackDeb(deb, root, signal);
  return { name, version, root };
}

/** Unpacks the files of a .deb into `root`, which then exists whole or not at all. */
async function unpackDeb(deb: string, root: string, signal?: AbortSignal): Promise<void> {
  const beside = mkdtempSync(`${root}.${ownMark()}.`);
  chmodSync(beside, 0o755); // mkdtemp makes it private, and it becomes the root of an extension
  try {
    await must(['dpkg-deb', '-x', deb, beside], { signal });
    // from Debian 13 on a kernel's modules lie in /usr/lib alone; depmod and people look in /lib
    if (listWithin(beside, 'usr/lib/modules').length > 0 && !hasEntryWithin(beside, 'lib')) {
      symlinkSync('usr/lib', join(beside, 'lib'));
    }
    // depmod writes there, by whatever links there are
    for (const version of listWithin(beside, 'lib/modules')) {
      if (withinSync(beside, `lib/modules/${version.name}`) === undefined) continue;
      await must(['depmod', '-b', beside, version.name]);
    }
    renameSync(beside, root);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}

/**
 * The real path of a file of a package, wherever its release keeps it: Debian 13 has in /usr/bin and /usr/lib what 12 had in /bin
 * and /lib. Throws RAZOR_MK_IMAGE_BASE where none is there; a link that leads out of the package is none.
 */
export function packageFile({ name, version, root }: DebianPackage, path: string): string {
  const places = [path, join('usr', path), path.replace(/^usr\//, '')];
  const found = places.map((place) => withinSync(root, place)).find((real) => real !== undefined);
  if (found !== undefined) return found;
  throw new RazorMkError('RAZOR_MK_IMAGE_BASE', `${name} ${version} has no ${path}`, {
    remedy: 'This release of Debian keeps it elsewhere: report it, with the version of the package.',
  });
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
