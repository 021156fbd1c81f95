/** What a site's HTTP server does for Ironic: boot files and images of one directory, and a note of what was asked. */
import { once } from 'node:events';
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize } from 'node:path';

export interface FileServer {
  readonly url: string;
  readonly root: string;
  readonly asked: readonly string[];
  /** From now on this path is given only by half, until the function that is returned is called. */
  hold(path: string): () => void;
  close(): Promise<void>;
}

export async function serveFiles(root: string, host = '127.0.0.1'): Promise<FileServer> {
  const asked: string[] = [];
  const held = new Map<string, Promise<void>>();
  const server = createServer((incoming, outgoing) => {
    const path = normalize(new URL(incoming.url ?? '/', 'http://x').pathname);
    asked.push(`${incoming.method ?? ''} ${path}`);
    const file = join(root, path);
    const stat = statSync(file, { throwIfNoEntry: false });
    if (!file.startsWith(root) || stat?.isFile() !== true) {
      outgoing.writeHead(404).end();
      return;
    }
    outgoing.writeHead(200, { 'content-length': stat.size, 'content-type': 'application/octet-stream' });
    if (incoming.method === 'HEAD') {
      outgoing.end();
      return;
    }
    const gate = held.get(path);
    if (gate === undefined) {
      createReadStream(file).pipe(outgoing);
      return;
    }
    const half = Math.floor(stat.size / 2);
    const first = createReadStream(file, { end: half - 1 });
    first.pipe(outgoing, { end: false });
    first.once('end', () => void gate.then(() => createReadStream(file, { start: half }).pipe(outgoing)));
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}`,
    root,
    asked,
    hold(path) {
      let open = (): void => undefined;
      held.set(path, new Promise((resolve) => (open = resolve)));
      return () => {
        held.delete(path);
        open();
      };
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
