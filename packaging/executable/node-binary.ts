/** The Node that goes inside: the pinned npm package, checked, stripped of its symbols. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import * as z from 'zod/mini';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { readCapped, replaceFile } from '../../platform/files.ts';
import { run } from '../../platform/process/run.ts';
import { ARCHES, PROJECT, type Arch } from '../project-paths.ts';
import { missingTool, tool } from '../tools.ts';

const LOCKED = z.object({ version: z.string(), integrity: z.string() });
const LOCKFILE = z.object({ packages: z.record(z.string(), z.looseObject({})) });

interface LockedNode {
  /** `24.21.0` */
  readonly version: string;
  /** `sha512-BASE64` of the package's archive. */
  readonly integrity: string;
}

/** Version and integrity of Node for an architecture, from package-lock.json. Throws RAZOR_MK_PACKAGE. */
export function lockedNode(arch: Arch): LockedNode {
  const name = ARCHES[arch].nodePackage;
  const lock = LOCKFILE.parse(JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8')));
  const entry = LOCKED.safeParse(lock.packages[`node_modules/${name}`]);
  if (!entry.success) throw new RazorMkError('RAZOR_MK_PACKAGE', `package-lock.json does not pin ${name}`);
  return entry.data;
}

/**
 * Path of the unstripped Node of an architecture. This machine's is in node_modules; npm installs only that, so the
 * other is fetched once by `npm pack`, checked against the lockfile and kept in `cache`.
 */
export async function findNodeBinary(
  arch: Arch,
  cache: string,
  env: Host['env'],
  say: (text: string) => void,
): Promise<string> {
  const { nodePackage } = ARCHES[arch];
  const installed = join(PROJECT, 'node_modules', nodePackage);
  const { version, integrity } = lockedNode(arch);
  if (existsSync(join(installed, 'bin/node'))) {
    const manifest = z.parse(
      z.object({ version: z.string() }),
      JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')),
    );
    if (manifest.version === version) return join(installed, 'bin/node');
    throw new RazorMkError('RAZOR_MK_PACKAGE', `${nodePackage} is ${manifest.version}, the lockfile says ${version}`, {
      remedy: 'Run npm ci.',
    });
  }
  const archive = join(cache, `${nodePackage}-${version}.tgz`);
  const node = join(cache, `${nodePackage}-${version}`);
  mkdirSync(cache, { recursive: true });
  if (!existsSync(archive)) {
    say(`fetching ${nodePackage}@${version} by npm (once)\n`);
    await npmPack(`${nodePackage}@${version}`, cache, env);
  }
  if ((await sha512(archive)) !== integrity) {
    rmSync(archive, { force: true });
    throw new RazorMkError('RAZOR_MK_PACKAGE', `${nodePackage}@${version} does not have the lockfile's integrity`, {
      remedy:
        'The archive was removed. Try again; if it stays so, the registry serves another file than the one pinned.',
    });
  }
  if (!existsSync(node)) await extractNode(archive, node);
  return node;
}

type Host = { readonly env: Readonly<Record<string, string | undefined>> };

/** `npm pack`, with the caller's PATH, HOME and npm settings, since the registry is configured there. */
async function npmPack(spec: string, into: string, env: Host['env']): Promise<void> {
  const passed = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined &&
      /^(PATH|HOME|npm_config_.*|https?_proxy|no_proxy|.*_PROXY|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE)$/i.test(entry[0]),
  );
  const result = await run(['npm', 'pack', '--silent', '--pack-destination', into, spec], {
    env: Object.fromEntries(passed),
    cwd: into,
    timeoutMs: 300_000,
  });
  if (result.status !== 0)
    throw new RazorMkError(
      'RAZOR_MK_PACKAGE',
      `npm pack ${spec} failed: ${result.failure ?? result.stderr.toString('utf8').trim().slice(-500)}`,
      { remedy: 'Check the network and npm’s registry setting.' },
    );
}

async function sha512(path: string): Promise<string> {
  const hash = createHash('sha512');
  await pipeline(createReadStream(path), hash);
  return `sha512-${hash.digest('base64')}`;
}

/** Takes package/bin/node (and the licence) out of the npm archive. */
async function extractNode(archive: string, output: string): Promise<void> {
  const tar = await import('tar-stream');
  const extract = tar.extract();
  const done = pipeline(createReadStream(archive), createGunzip(), extract);
  for await (const entry of extract) {
    if (entry.header.name === 'package/bin/node' || entry.header.name === 'package/LICENSE') {
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      const target = entry.header.name.endsWith('LICENSE') ? `${output}.LICENSE` : `${output}.tmp`;
      replaceFile(target, Buffer.concat(chunks), 0o755);
    } else entry.resume();
  }
  await done;
  renameSync(`${output}.tmp`, output);
}

/** Strips Node into `output`. Must come before the blob is injected: afterwards the executable would crash. */
export async function stripNode(arch: Arch, node: string, output: string): Promise<void> {
  const header = await readCapped(node, 20);
  const machine = header?.length === 20 ? header.readUInt16LE(18) : undefined;
  if (machine !== ARCHES[arch].elfMachine)
    throw new RazorMkError('RAZOR_MK_PACKAGE', `${node} is not an executable for ${ARCHES[arch].machine}`);
  mkdirSync(dirname(output), { recursive: true });
  const programs = arch === process.arch ? ARCHES[arch].strip : ARCHES[arch].strip.slice(0, 1);
  for (const program of programs) {
    const found = await run([program, '--version']);
    if (found.failure === 'not-found') continue;
    await tool([program, '--strip-all', '-o', output, node]);
    return;
  }
  throw missingTool(programs);
}
