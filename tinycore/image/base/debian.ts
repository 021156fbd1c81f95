/**
 * Debian packages as material: fetched with apt-get download (which checks them against the signed lists), unpacked beside,
 * nothing installed. What was fetched and unpacked once stays in the cache directory.
 */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { run } from '../../../platform/process/run.ts';
import { must } from '../programs.ts';

export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  /** Where its files lie, unpacked. */
  readonly root: string;
}

const NO_LISTS = 'Run apt-get update; the package must be in one of the sources of apt.';

/** The package that a meta package stands for: linux-image-amd64 is linux-image-6.1.0-56-amd64 today. */
export async function kernelPackage(flavour: 'amd64' | 'cloud'): Promise<string> {
  const meta = flavour === 'cloud' ? 'linux-image-cloud-amd64' : 'linux-image-amd64';
  const result = await must(['apt-cache', 'depends', '--important', meta]).catch((error: unknown) => {
    if (error instanceof RazorMkError && error.message.includes('not installed')) throw error;
    throw new RazorMkError('RAZOR_MK_DOWNLOAD', `apt knows no package ${meta}`, { remedy: NO_LISTS, cause: error });
  });
  const name = /Depends: (linux-image-[0-9]\S+)/.exec(result.stdout.toString())?.[1];
  if (name === undefined) throw new RazorMkError('RAZOR_MK_DOWNLOAD', `${meta} names no kernel`, { remedy: NO_LISTS });
  return name;
}

/** Fetches a package and unpacks it into the cache, unless it is there. Throws RAZOR_MK_DOWNLOAD. */
export async function fetchPackage(name: string, cache: string, signal?: AbortSignal): Promise<DebianPackage> {
  const [found] = await fetchPackages([name], cache, signal);
  return found as DebianPackage;
}

/** The same for several, in their order; apt is asked once. */
export async function fetchPackages(
  names: readonly string[],
  cache: string,
  signal?: AbortSignal,
): Promise<DebianPackage[]> {
  mkdirSync(cache, { recursive: true });
  const options = { timeoutMs: 600_000, signal };
  const asked = await run(['apt-get', 'download', '--print-uris', ...names], { ...options, cwd: '/' }); // silent where the file lies
  if (asked.failure === 'not-found') await must(['apt-get', '--version']);
  const lines = asked.stdout.toString().split('\n');
  const packages: DebianPackage[] = [];
  for (const name of names) {
    const line = lines.map((each) => /^'[^']+' (\S+) (\d+) SHA256:([0-9a-f]{64})/.exec(each));
    const [, file, , digest] = line.find((match) => match?.[1]?.startsWith(`${name}_`)) ?? [];
    if (file === undefined || digest === undefined || file.includes('/')) {
      const said = asked.stderr.toString().trim().split('\n').at(-1) ?? '';
      throw new RazorMkError('RAZOR_MK_DOWNLOAD', `apt knows no package ${name}: ${said}`, { remedy: NO_LISTS });
    }
    packages.push(await fetchFile(name, file, digest, cache, signal));
  }
  return packages;
}

async function fetchFile(
  name: string,
  file: string,
  digest: string,
  cache: string,
  signal: AbortSignal | undefined,
): Promise<DebianPackage> {
  const version = decodeURIComponent(file.split('_')[1] ?? '');
  const root = join(cache, `${file.replace(/\.deb$/, '')}.${digest.slice(0, 12)}`);
  if (existsSync(root)) return { name, version, root };
  const deb = join(cache, file);
  if (!existsSync(deb) || sha256(deb) !== digest) {
    rmSync(deb, { force: true });
    const options = { cwd: cache, timeoutMs: 600_000, signal };
    const result = await run(['apt-get', 'download', name], options);
    if (result.status !== 0 || !existsSync(deb) || sha256(deb) !== digest) {
      const said = result.stderr.toString().trim().split('\n').at(-1) ?? '';
      throw new RazorMkError('RAZOR_MK_DOWNLOAD', `${name} could not be fetched: ${said}`, {
        remedy: 'Check the network and the sources of apt (apt-get update), then run it again.',
      });
    }
  }
  await unpackDeb(deb, root, signal);
  return { name, version, root };
}

/** Unpacks the files of a .deb into `root`, which then exists whole or not at all. */
async function unpackDeb(deb: string, root: string, signal?: AbortSignal): Promise<void> {
  const beside = mkdtempSync(`${root}.`);
  chmodSync(beside, 0o755); // mkdtemp makes it private, and it becomes the root of an extension
  try {
    await must(['dpkg-deb', '-x', deb, beside], signal === undefined ? {} : { signal });
    const modules = join(beside, 'lib/modules');
    if (existsSync(modules)) {
      for (const version of readdirSync(modules)) await must(['depmod', '-b', beside, version]);
    }
    renameSync(beside, root);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
