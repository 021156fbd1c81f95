/** The extension of the server that is talked to now: opened anew when that changes, asked for before each turn. */
import type { CommandLine } from '../../../../platform/kernel-line.ts';
import type { ServerService, ServerServiceOptions } from '../../server.ts';
import { createExtension, type Extension } from './extension.ts';

const TIMEOUT_MS = 60_000;

/**
 * Fetches the archive before each turn, when there is one; a dry run logs that once. `beforeTurn` throws what
 * Extension.refresh throws.
 */
export function startExtensions(
  options: Pick<ServerServiceOptions, 'kernel' | 'httpFor' | 'stateDir' | 'system' | 'signal' | 'log'>,
): ServerService {
  const { kernel, stateDir, system, signal, log } = options;
  let current: { readonly extension: Extension; logged: boolean } | undefined;
  return {
    async beforeTurn(server, settings) {
      const url = extensionUrl(server.url, kernel);
      if (url === undefined) return;
      if (current?.extension.url !== url) {
        const extension = createExtension({
          url,
          stateDir,
          system,
          async download(from, headers, limit, aborted) {
            const http = await options.httpFor(settings, server);
            return await http.request({
              method: 'GET',
              url: from,
              headers,
              limit,
              timeoutMs: TIMEOUT_MS,
              signal: aborted,
            });
          },
        });
        current = { extension, logged: false };
      }
      if (!system.live && current.logged) return;
      current.logged = true;
      const refreshed = await current.extension.refresh(signal);
      if (refreshed === 'updated' && current.extension.hasRuby())
        log.warn(`the extension ${url} has lib/ruby: facts in Ruby are left out, there is no Ruby on this node`);
    },
    programEnvironment: () => current?.extension.environment() ?? {},
    factDirs: () => current?.extension.factDirs() ?? [],
    close: () => Promise.resolve(),
  };
}

/** Where the archive is: `razor.extend=`, or beside the check-in. Undefined for a `razor.extend=` that is not an http URL. */
function extensionUrl(serverUrl: string, kernel: CommandLine): string | undefined {
  const given = kernel.value('razor.extend') ?? '';
  if (given !== '') return /^https?:\/\//i.test(given) && URL.canParse(given) ? given : undefined;
  return serverUrl.replace(/\/checkin(\/\d+)?$|$/, (end) => (end === '' ? '/svc' : '')) + '/mk/extension.zip';
}
