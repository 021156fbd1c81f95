/** The extension of the server that is talked to now: made anew when that changes, asked for before each turn. */
import type { System } from '../../../../platform/system.ts';
import type { Settings } from '../../../config/settings.ts';
import type { Candidate } from '../../../discovery/candidate.ts';
import type { HttpClient } from '../../../http/http-client.ts';
import { createExtension, type Extension } from './extension.ts';

export interface ExtensionKeeperOptions {
  /** Undefined where the dialect has no extension. */
  readonly urlFor: (server: Candidate, settings: Settings) => string | undefined;
  readonly httpFor: (settings: Settings, server: Candidate) => Promise<HttpClient>;
  readonly stateDir: string;
  readonly system: System;
}

export interface ExtensionKeeper {
  /** Fetches it when there is one; in a dry run that is told once. Throws what Extension.refresh throws. */
  refresh(server: Candidate, settings: Settings, signal: AbortSignal): Promise<void>;
  binDirs(): readonly string[];
  factDirs(): readonly string[];
}

const TIMEOUT_MS = 60_000;

export function createExtensionKeeper(options: ExtensionKeeperOptions): ExtensionKeeper {
  let current: { readonly extension: Extension; told: boolean } | undefined;
  return {
    async refresh(server, settings, signal) {
      const url = options.urlFor(server, settings);
      if (url === undefined) return;
      if (current?.extension.url !== url) {
        const { stateDir, system } = options;
        const extension = createExtension({
          url,
          stateDir,
          system,
          async download(from, headers, limit, aborted) {
            const http = await options.httpFor(settings, server);
            const more = aborted === undefined ? {} : { signal: aborted };
            return await http.request({ method: 'GET', url: from, headers, limit, timeoutMs: TIMEOUT_MS, ...more });
          },
        });
        current = { extension, told: false };
      }
      if (!options.system.live && current.told) return;
      current.told = true;
      await current.extension.refresh(signal);
    },
    binDirs: () => current?.extension.binDirs() ?? [],
    factDirs: () => current?.extension.factDirs() ?? [],
  };
}
