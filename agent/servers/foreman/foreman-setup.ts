/** Foreman's dialect and the API of the image, with what both need: the kernel parameters, and which kexec there is. */
import { run } from '../../../platform/process/run.ts';
import { version } from '../../version.ts';
import type { Dialect } from '../dialect.ts';
import type { DialectOptions, ServerService, ServerServiceOptions } from '../server.ts';
import { createForemanApi, type ForemanApiOptions } from './api/foreman-api.ts';
import { createForeman } from './foreman.ts';
import { readForemanParameters, type ForemanParameters } from './foreman-parameters.ts';

/** For a verb that sends once and serves nothing. */
export function openForeman(options: DialectOptions): Dialect {
  return createForeman({ ...options, parameters: parametersOf(options), release: release(), kexec: () => undefined });
}

/** For the agent: the API that Foreman calls; its dialect reports to the API what was sent. */
export async function serveForeman(options: ServerServiceOptions): Promise<ServerService> {
  const parameters = parametersOf(options);
  for (const problem of parameters.problems) options.log.warn(`kernel line: ${problem}`);
  const kexec = options.settings.apiKexec ? await kexecVersion() : undefined;
  const openFiles: ForemanApiOptions['openFiles'] = () => options.openFiles(options.settings);
  const api = createForemanApi({ ...options, parameters, release: release(), kexec, openFiles });
  return {
    beforeTurn: (server, settings, runner) => api.refresh(server, settings, runner),
    openDialect: (opened) =>
      Promise.resolve(
        createForeman({
          ...opened,
          parameters,
          release: release(),
          kexec: () => kexec,
          onFacts: (facts) => api.accepted(facts),
        }),
      ),
    close: () => api.close(),
  };
}

function parametersOf({ kernel }: Pick<DialectOptions, 'kernel'>): ForemanParameters {
  return readForemanParameters((name) => kernel.value(name));
}

function release(): string {
  return `razor-mk ${version()}`;
}

/** Undefined where kexec-tools are not installed. */
async function kexecVersion(): Promise<string | undefined> {
  const { status, stdout, stderr } = await run(['kexec', '--version'], { timeoutMs: 5000, outputLimit: 4096 });
  const line = `${stdout.toString()}\n${stderr.toString()}`.trim().split('\n')[0]?.trim();
  return status === 0 && line !== undefined && line !== '' ? line.slice(0, 200) : undefined;
}
