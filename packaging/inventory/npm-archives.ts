/**
 * What goes into the executable is held against the archives that package-lock.json pins by hash: npm checks them when it
 * installs, and nobody looks at node_modules afterwards. `npm pack` takes them from npm's own cache, or from the registry.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import * as z from 'zod/mini';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { run } from '../../platform/process/run.ts';
import { PROJECT } from '../project-paths.ts';

const LOCKFILE = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({
      name: z.optional(z.string()),
      version: z.optional(z.string()),
      integrity: z.optional(z.string()),
    }),
  ),
});

export interface LockedPackage {
  readonly name: string;
  /** `24.21.0` */
  readonly version: string;
  /** `sha512-BASE64` of the package's archive. */
  readonly integrity: string;
}

/** What package-lock.json pins for a directory below node_modules (`got`, `a/node_modules/@b/c`). Throws RAZOR_MK_PACKAGE. */
export function lockedPackage(directory: string, project = PROJECT): LockedPackage {
  const lock = LOCKFILE.parse(JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')));
  const { name, version, integrity } = lock.packages[`node_modules/${directory}`] ?? {};
  if (version === undefined || integrity?.startsWith('sha512-') !== true)
    throw new RazorMkError('RAZOR_MK_PACKAGE', `package-lock.json does not pin ${directory}`);
  return { name: name ?? directory.replace(/^.*node_modules\//, ''), version, integrity };
}

export interface ArchiveOptions {
  /** Directory that keeps the archives. */
  readonly cache: string;
  /** Of the caller: npm finds its registry and its own cache there. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly say: (text: string) => void;
}

/** The archives of packages, in their order, each of the pinned hash. Throws RAZOR_MK_PACKAGE. */
export async function pinnedArchives(
  packages: readonly LockedPackage[],
  { cache, env, say }: ArchiveOptions,
): Promise<string[]> {
  mkdirSync(cache, { recursive: true });
  const archives = packages.map((one) => join(cache, archiveName(one)));
  const missing = packages.filter((_, index) => !existsSync(archives[index] ?? ''));
  if (missing.length > 0) {
    say(`fetching ${missing.length} archives by npm pack (once)\n`);
    await npmPack(
      missing.map(({ name, version }) => `${name}@${version}`),
      cache,
      env,
    );
  }
  for (const [index, archive] of archives.entries()) {
    const { name, version, integrity } = packages[index] as LockedPackage;
    if (existsSync(archive) && (await integrityOf(archive)) === integrity) continue;
    rmSync(archive, { force: true });
    throw new RazorMkError('RAZOR_MK_PACKAGE', `${name}@${version} does not have the lockfile's integrity`, {
      remedy:
        'The archive was removed. Try again; if it stays so, the registry serves another file than the one pinned.',
    });
  }
  return archives;
}

/** As npm pack names it: `@a/b` is a-b. */
function archiveName({ name, version }: LockedPackage): string {
  return `${name.replace(/^@/, '').replace('/', '-')}-${version}.tgz`;
}

async function integrityOf(path: string): Promise<string> {
  const hash = createHash('sha512');
  await pipeline(createReadStream(path), hash);
  return `sha512-${hash.digest('base64')}`;
}

/** `npm pack`, with the caller's PATH, HOME and npm settings, since the registry is configured there. */
async function npmPack(specs: readonly string[], into: string, env: ArchiveOptions['env']): Promise<void> {
  const passed = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined &&
      /^(PATH|HOME|npm_config_.*|https?_proxy|no_proxy|.*_PROXY|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE)$/i.test(entry[0]),
  );
  const result = await run(['npm', 'pack', '--silent', '--prefer-offline', '--pack-destination', into, ...specs], {
    env: Object.fromEntries(passed),
    cwd: into,
    timeoutMs: 600_000,
  });
  if (result.status === 0) return;
  const why = result.failure ?? result.stderr.toString('utf8').trim().slice(-500);
  throw new RazorMkError('RAZOR_MK_PACKAGE', `npm pack ${specs.join(' ').slice(0, 200)} failed: ${why}`, {
    remedy: 'Check the network and npm’s registry setting.',
  });
}

/**
 * Compares files of node_modules (`node_modules/got/dist/source/index.js`) with the pinned archives of their packages. Throws
 * RAZOR_MK_PACKAGE for a file that is another, or that no archive has.
 */
export async function verifyInstalled(
  files: readonly string[],
  options: ArchiveOptions,
  project = PROJECT,
): Promise<void> {
  const byDirectory = Map.groupBy(files, (file) => packageDirectory(file) ?? '');
  const directories = [...byDirectory.keys()];
  const packages = directories.map((directory) => lockedPackage(directory, project));
  const archives = await pinnedArchives(packages, options);
  for (const [index, directory] of directories.entries()) {
    const prefix = `node_modules/${directory}/`;
    const wanted = new Set((byDirectory.get(directory) ?? []).map((file) => file.slice(prefix.length)));
    const pinned = await digestsIn(archives[index] ?? '', wanted);
    for (const file of wanted) {
      const path = join(project, prefix, file);
      if (existsSync(path) && pinned.get(file) === digest(createHash('sha256').update(readFileSync(path)))) continue;
      throw new RazorMkError('RAZOR_MK_PACKAGE', `${prefix}${file} is not the file that package-lock.json pins`, {
        remedy: 'Somebody changed it. Run npm ci, and look for what did.',
      });
    }
  }
}

/** `node_modules/a/node_modules/@b/c/index.js` is of package directory `a/node_modules/@b/c`; undefined for our own files. */
export function packageDirectory(path: string): string | undefined {
  return /^node_modules\/((?:(?:@[^/]+\/)?[^/]+\/node_modules\/)*(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
}

/** SHA-256 of some files of an npm archive, by their paths without its first directory, which may have any name. */
async function digestsIn(archive: string, wanted: ReadonlySet<string>): Promise<Map<string, string>> {
  const { extract } = await import('tar-stream');
  const entries = extract();
  const done = pipeline(createReadStream(archive), createGunzip(), entries);
  const found = new Map<string, string>();
  for await (const entry of entries) {
    const name = entry.header.name.replace(/^[^/]+\//, '');
    const hash = createHash('sha256');
    for await (const piece of entry) if (wanted.has(name)) hash.update(piece as Buffer);
    if (wanted.has(name)) found.set(name, digest(hash));
  }
  await done;
  return found;
}

function digest(hash: Hash): string {
  return hash.digest('hex');
}
