/**
 * A mirror of Debian for machines of a site, which have no network but their own: a relay in the site's namespace hands each request to
 * this process, which fetches the file by apt's own means, from the mirror that apt is configured with. What was fetched once is kept
 * in build/debian-mirror; where the network is away, a second run finds everything there.
 */
import { createReadStream, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from '../../platform/process/run.ts';
import type { Site } from '../../lab/vm/site.ts';

const KEPT = new URL('../../build/debian-mirror', import.meta.url).pathname;
const HELPER = '/usr/lib/apt/apt-helper';
const RELAY = new URL('debian-mirror-relay.ts', import.meta.url).pathname;

export interface DebianMirror {
  /** What machines of the site use: `http://10.77.0.1:8090/debian`. */
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** The mirror of this machine's apt, or why there is none. */
export async function aptMirror(): Promise<{ readonly site: string } | { readonly lack: string }> {
  if (!existsSync(HELPER)) return { lack: `there is no ${HELPER}` };
  const words = ['apt-get', 'indextargets', '--format', '$(SITE)', 'Created-By: Packages'] as const;
  const { stdout } = await run(words);
  const site = stdout
    .toString()
    .split('\n')
    .find((line) => /^https?:.*\/debian\/?$/.test(line));
  return site === undefined ? { lack: 'apt has no list of a Debian mirror: apt-get update' } : { site };
}

/** The file at a path of the mirror that apt uses, kept here, or undefined where there is none. */
export async function fromMirror(path: string): Promise<string | undefined> {
  const found = await aptMirror();
  return 'lack' in found ? undefined : await fetched(found.site.replace(/\/$/, ''), path);
}

/** Opens it in a site; `made` are files of this machine by their paths on the mirror. Throws where apt has no mirror. */
export async function openMirror(
  site: Site,
  port: number,
  made: ReadonlyMap<string, string> = new Map(),
): Promise<DebianMirror> {
  const found = await aptMirror();
  if ('lack' in found) throw new Error(found.lack);
  // the path of a socket has room for 107 characters
  const dir = mkdtempSync(join(tmpdir(), 'mirror-'));
  const socket = join(dir, 'socket');
  const asked: string[] = [];
  const base = found.site.replace(/\/$/, '');
  const server = createServer((request, reply) => void answer({ base, asked, made }, request, reply));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const relay = await site.namespace.start([process.execPath, RELAY, site.address, String(port), socket], {});
  return {
    url: `http://${site.address}:${port}/debian`,
    asked,
    async close() {
      await relay.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

interface Source {
  readonly base: string;
  readonly asked: string[];
  readonly made: ReadonlyMap<string, string>;
}

async function answer({ base, asked, made }: Source, request: IncomingMessage, reply: ServerResponse): Promise<void> {
  const path = decodeURIComponent((request.url ?? '').split('?')[0] ?? '').replace(/^\/debian\//, '');
  asked.push(path);
  const isPath = /^[\w.+~:/-]+$/.test(path) && !/(^|\/)\.\.(\/|$)/.test(path);
  const file = made.get(path) ?? (isPath ? await fetched(base, path) : undefined);
  if (file === undefined) return void reply.writeHead(404).end();
  reply.writeHead(200, { 'content-length': statSync(file).size });
  if (request.method === 'HEAD') return void reply.end();
  createReadStream(file)
    .on('error', () => reply.destroy())
    .pipe(reply);
}

/** Lists change, packages do not. */
async function fetched(base: string, path: string): Promise<string | undefined> {
  const kept = join(KEPT, path);
  if (existsSync(kept) && !path.startsWith('dists/')) return kept;
  mkdirSync(dirname(kept), { recursive: true });
  const partial = `${kept}.${process.pid}.partial`;
  const { status } = await run([HELPER, '-o', 'Acquire::Retries=1', 'download-file', `${base}/${path}`, partial], {
    timeoutMs: 300_000,
  });
  if (status === 0 && existsSync(partial)) renameSync(partial, kept);
  else rmSync(partial, { force: true });
  return existsSync(kept) && statSync(kept).isFile() ? kept : undefined;
}
