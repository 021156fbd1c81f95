/** A real Ironic in a site's namespace, and its API from outside. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Site } from '../../lab/vm/site.ts';
import { createApi, type Answer, type IronicApi } from '../ironic/api.ts';
import type { FarEvent, FarRequest } from '../ironic/far-site.ts';

interface FarIronic {
  readonly api: IronicApi;
  /** Where the site's machines find what is in `root`. */
  readonly filesUrl: string;
  readonly root: string;
}

const STARTS_WITHIN_MS = 600_000;

/** Starts it; `build` has that release's packages, unpacked. Throws what it says where it does not start. */
export async function startFarIronic(site: Site, build: string, dir: string, release: string): Promise<FarIronic> {
  const program = new URL('../ironic/far-site.ts', import.meta.url).pathname;
  const root = join(dir, 'http');
  mkdirSync(root, { recursive: true });
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  const errors: string[] = [];
  let started: (event: FarEvent & { event: 'ready' }) => void = () => undefined;
  let refused: (error: Error) => void = () => undefined;
  const ready = new Promise<FarEvent & { event: 'ready' }>(
    (resolve, reject) => ([started, refused] = [resolve, reject]),
  );
  const daemon = await site.namespace.start([process.execPath, program, build, dir, site.address, release], {
    onLine: (line, stream) => {
      if (stream === 'stderr') return void errors.push(line);
      const event = JSON.parse(line) as FarEvent;
      if (event.event === 'ready') started(event);
      else if (event.event === 'failed') refused(new Error(event.error));
      else if (event.answer === undefined) waiting.get(event.id)?.reject(new Error(event.error));
      else waiting.get(event.id)?.resolve(event.answer);
    },
  });
  const late = setTimeout(() => refused(new Error('Ironic is not ready')), STARTS_WITHIN_MS);
  void daemon.exited.then(() => {
    const gone = new Error(`Ironic ended: ${errors.slice(-5).join('\n')}`);
    refused(gone);
    for (const { reject } of waiting.values()) reject(gone);
  });
  const { api, files } = await ready.finally(() => clearTimeout(late));
  let count = 0;
  return {
    root,
    filesUrl: files,
    api: createApi(api, (method, url, options = {}) => {
      const request: FarRequest = { id: ++count, method, url, ...options };
      return new Promise<Answer>((resolve, reject) => {
        waiting.set(request.id, { resolve, reject });
        daemon.write(`${JSON.stringify(request)}\n`);
      }).finally(() => waiting.delete(request.id));
    }),
  };
}
