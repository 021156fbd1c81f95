/** Tiny Core duties at every load of the configuration: extensions, kernel modules, and the local mirror (tinycore/node). */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { messageOf } from '../../platform/errors/errors.ts';
import { installExtensions } from '../../tinycore/node/node-extensions.ts';
import { loadKernelModules } from '../../tinycore/node/kernel-modules.ts';
import { MIRROR_DIR, startMirror, type Mirror } from '../../tinycore/node/mirror.ts';
import { repairMirrorUri } from '../../tinycore/node/uris.ts';
import type { Settings } from '../config/settings.ts';
import { FileFailure, type FileClient } from '../http/file-client.ts';
import type { HttpClient } from '../http/http-client.ts';
import type { FileSignatures } from '../http/tls/file-signatures.ts';
import type { Runtime } from '../loop/runtime.ts';

export interface Duties {
  /** Does what the settings ask for. Never throws: what fails is said in the log. */
  carryOut(settings: Settings, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

interface DutiesOptions {
  /** A client for lists of any host: nothing that belongs to the server goes with it. */
  readonly openFiles: (settings: Settings) => Promise<HttpClient & FileClient>;
  /** What the site key vouches for; undefined without one. */
  readonly signatures?: (settings: Settings) => Promise<FileSignatures | undefined>;
  /** Where the local mirror's files are; /tmp/tinycorelinux, the original's. */
  readonly mirrorDir?: string;
}

/** The image's own files, which the agent itself serves on loopback. */
function isOwnMirror(url: string, port: number): boolean {
  const { hostname, port: asked } = new URL(url);
  return (hostname === 'localhost' || hostname === '127.0.0.1') && Number(asked) === port;
}

const LIST_LIMIT = 256 * 1024;

/** The duties of one agent. The local mirror is started when its directory is there, and kept until `close`. */
export function createDuties(runtime: Pick<Runtime, 'log' | 'system'>, options: DutiesOptions): Duties {
  const { system } = runtime;
  const log = runtime.log.child('tinycore');
  const mirrorDir = options.mirrorDir ?? MIRROR_DIR;
  let mirror: Mirror | undefined;

  async function serve(settings: Settings): Promise<void> {
    if (mirror !== undefined || !existsSync(mirrorDir)) return;
    try {
      mirror = await startMirror({ dir: mirrorDir, port: system.live ? settings.tceMirrorPort : 0, log });
    } catch (error) {
      log.warn(`the local mirror is not there: ${messageOf(error)}`);
    }
  }

  return {
    async carryOut(settings, signal) {
      const { tceMirrorUri, tceInstallListUri, kmodInstallListUri } = settings;
      await serve(settings);
      if (tceInstallListUri === '' && kmodInstallListUri === '') return;
      const uri = (text: string): string => repairMirrorUri(text, settings.tceMirrorPort, mirror?.port);
      const fetchList = async (url: string): Promise<Buffer | undefined> => {
        const http = await options.openFiles(settings);
        const reply = await http.request({ method: 'GET', url, limit: LIST_LIMIT, signal });
        if (reply.status !== 200) throw new Error(`HTTP ${reply.status}`);
        return reply.body;
      };
      const openFile = async (url: string): Promise<AsyncIterable<Uint8Array> | undefined> => {
        try {
          return (await (await options.openFiles(settings)).open({ url, signal })).body;
        } catch (error) {
          if (error instanceof FileFailure && error.status === 404) return undefined;
          throw error;
        }
      };
      try {
        const signatures = await options.signatures?.(settings);
        const vouchFor = async (url: string, bytes: Uint8Array): Promise<void> => {
          if (signatures === undefined || (mirror !== undefined && isOwnMirror(url, mirror.port))) return;
          const name = decodeURIComponent(new URL(url).pathname).split('/').at(-1) ?? '';
          const hex = createHash('sha256').update(bytes).digest('hex');
          const signature = await fetchList(signatures.signatureOf(url)).catch(() => undefined);
          signatures.check({ name, digest: { algorithm: 'sha256', hex }, signature: signature ?? Buffer.alloc(0) });
        };
        if (tceInstallListUri !== '') {
          await installExtensions({
            system,
            log,
            signal,
            fetchList,
            vouchFor,
            checksumsRequired: signatures !== undefined,
            openFile,
            listUri: uri(tceInstallListUri),
            mirrorUri: uri(tceMirrorUri),
          });
        }
        if (kmodInstallListUri !== '') {
          await loadKernelModules({ system, log, fetchList, vouchFor, listUri: uri(kmodInstallListUri) });
        }
      } catch (error) {
        if (!signal.aborted) log.warn(messageOf(error));
      }
    },
    async close() {
      await mirror?.close();
    },
  };
}
