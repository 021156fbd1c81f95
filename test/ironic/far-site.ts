/**
 * A real Ironic inside a virtual site, whose operator is outside: run as a program in the site's network namespace, it starts Ironic
 * and a file server for DIR/http on ADDRESS, and asks the API what its standard input says, a request a line. What happens goes to
 * standard output, a JSON line each.
 *
 *     node test/ironic/far-site.ts BUILD-DIR DIR ADDRESS RELEASE
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { messageOf } from '../../platform/errors/errors.ts';
import { ask, type Answer, type Ask } from './api.ts';
import { serveFiles } from './file-server.ts';
import { ironicFiles } from './packages.ts';
import { startPeer } from './peer.ts';
import { releaseOf } from './releases.ts';
import { startBound } from './world.ts';

export interface FarRequest extends Ask {
  readonly id: number;
  readonly method: string;
  readonly url: string;
}

export type FarEvent =
  | { readonly event: 'ready'; readonly api: string; readonly files: string }
  | { readonly event: 'answer'; readonly id: number; readonly answer?: Answer; readonly error?: string }
  | { readonly event: 'failed'; readonly error: string };

function tell(event: FarEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

async function answer({ id, method, url, ...options }: FarRequest): Promise<void> {
  await ask(method, url, options).then(
    (reply) => tell({ event: 'answer', id, answer: reply }),
    (error: unknown) => tell({ event: 'answer', id, error: messageOf(error) }),
  );
}

async function main([build = '', dir = '', address = '', release = '']: readonly string[]): Promise<void> {
  const files = await ironicFiles(build, releaseOf(release), () => undefined);
  if (typeof files === 'string') throw new Error(files);
  const httpRoot = join(dir, 'http');
  mkdirSync(httpRoot, { recursive: true });
  for (const name of ['kernel', 'ramdisk']) writeFileSync(join(httpRoot, name), `stands for the ${name}\n`);
  const server = await serveFiles(httpRoot, address);
  const peer = await startPeer({
    files,
    dir: join(dir, 'peer'),
    host: address,
    ports: [6385, 8089, 5050],
    httpRoot,
    httpUrl: server.url,
    goesWithin: 30,
    start: startBound,
  });
  const end = new Promise<void>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => resolve());
  });
  createInterface({ input: process.stdin }).on('line', (line) => void answer(JSON.parse(line) as FarRequest));
  tell({ event: 'ready', api: peer.apiUrl, files: server.url });
  await end;
  await peer.close();
  await server.close();
}

await main(process.argv.slice(2)).catch((error: unknown) => tell({ event: 'failed', error: messageOf(error) }));
process.exit();
