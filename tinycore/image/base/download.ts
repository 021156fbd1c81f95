/** Files over HTTP for the builder: bases and extensions, with a size limit and, where one is known, a checksum. */
import { createHash } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';

export interface DownloadOptions {
  /** Bytes; more is refused. */
  readonly limit: number;
  readonly signal?: AbortSignal;
  /** SHA-256 in hexadecimal that the content must have. */
  readonly sha256?: string;
  /** Whose http_proxy, https_proxy and no_proxy count. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Agents that go by the proxies of an environment (Node 24: `proxyEnv`); undefined where none is set. */
function proxyAgents(env: DownloadOptions['env'] = {}): { http: HttpAgent; https: HttpsAgent } | undefined {
  const proxyEnv = Object.fromEntries(Object.entries(env).filter(([name]) => /^(https?|no)_proxy$/i.test(name)));
  if (Object.keys(proxyEnv).length === 0) return undefined;
  return { http: new HttpAgent({ proxyEnv }), https: new HttpsAgent({ proxyEnv }) };
}

/** The content at an address; undefined for 404. Throws RAZOR_MK_DOWNLOAD for everything else that is no whole file. */
export async function downloadBytes(url: string, options: DownloadOptions): Promise<Buffer | undefined> {
  const fail = (why: string, cause?: unknown): RazorMkError =>
    new RazorMkError('RAZOR_MK_DOWNLOAD', `${url}: ${why}`, cause === undefined ? {} : { cause });
  const { default: got } = await import('got');
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    const stream = got.stream(url, {
      retry: { limit: 2 },
      timeout: { lookup: 10_000, connect: 10_000, response: 60_000, request: 1_800_000 },
      decompress: false,
      signal: options.signal,
      agent: proxyAgents(options.env),
    });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > options.limit) throw fail(`is larger than ${options.limit} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof RazorMkError) throw error;
    const status = (error as { response?: { statusCode?: number } }).response?.statusCode;
    if (status === 404) return undefined;
    throw fail(messageOf(error), error);
  }
  const bytes = Buffer.concat(chunks);
  const real = createHash('sha256').update(bytes).digest('hex');
  if (options.sha256 !== undefined && options.sha256.toLowerCase() !== real) {
    throw fail(`has the SHA-256 ${real}, and ${options.sha256} was asked for`);
  }
  return bytes;
}
