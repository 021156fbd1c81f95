/**
 * The local mirror on 127.0.0.1:2157: the extensions that came with the image, and the two lists that say which of them to
 * install. Paths and files are the original's.
 */
import { createReadStream, lstatSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { readCapped } from '../../platform/files.ts';
import type { Log } from '../../platform/log/log.ts';

export const MIRROR_DIR = '/tmp/tinycorelinux';

export interface Mirror {
  readonly port: number;
  close(): Promise<void>;
}

interface MirrorOptions {
  readonly dir: string;
  /** 2157; 0 lets the system choose. */
  readonly port: number;
  readonly log: Log;
}

const LIST = /^\/tinycorelinux\/(tce|kmod)-install-list$/;
const FILE =
  /^\/tinycorelinux\/(\d{1,3}\.x)\/(x86|x86_64|armv6|armv7|aarch64)\/tcz\/([A-Za-z0-9][A-Za-z0-9._+-]{0,127})$/;
const LIST_LIMIT = 256 * 1024;

/** Starts it. Rejects when the port cannot be had. */
export async function startMirror({ dir, port, log }: MirrorOptions): Promise<Mirror> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(response, 405, 'text/plain', 'GET only\n');
    const list = LIST.exec(path);
    const file = FILE.exec(path);
    if (list) {
      void readList(join(dir, `${list[1]}-install-list.yaml`)).then(
        (text) => answer(response, 200, 'application/json', text),
        (error: unknown) => {
          log.warn(`${path}: ${messageOf(error)}`);
          answer(response, 500, 'text/plain', `${messageOf(error)}\n`);
        },
      );
    } else if (file)
      sendFile(response, join(dir, file[1] as string, file[2] as string, 'tcz', file[3] as string), request.method);
    else answer(response, 404, 'text/plain', 'not found\n');
  });
  server.requestTimeout = 10_000;
  server.unref();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A YAML list as JSON; no file is an empty list: there is nothing to install. */
async function readList(path: string): Promise<string> {
  const bytes = await readCapped(path, LIST_LIMIT + 1);
  if (bytes === undefined) return '[]';
  if (bytes.length > LIST_LIMIT) {
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `${path} has more than ${LIST_LIMIT} bytes`);
  }
  const { parse } = await import('yaml');
  return JSON.stringify(parse(bytes.toString('utf8'), { maxAliasCount: 0 }) ?? []);
}

function sendFile(response: ServerResponse, path: string, method: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) return answer(response, 404, 'text/plain', 'not found\n');
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': stat.size });
  if (method === 'HEAD') return void response.end();
  createReadStream(path)
    .on('error', () => response.destroy())
    .pipe(response);
}

function answer(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
}
