/** What `run` and the one-shot verbs add for Foreman: its kernel parameters, its dialect's options, the API of the image. */
import { run } from '../../../platform/process/run.ts';
import type { DialectOptions } from '../registry.ts';
import { readForemanParameters } from './foreman-parameters.ts';
import { createForemanApi, type ForemanApi, type ForemanApiOptions } from './api/foreman-api.ts';
import { version } from '../../version.ts';
import type { Setup } from '../../cli/setup.ts';

type ForemanDialect = NonNullable<DialectOptions['foreman']>;

/** For a verb that sends once and serves nothing. */
export function foremanOnce(setup: Setup): ForemanDialect {
  const parameters = readForemanParameters((name) => setup.cmdline.value(name));
  return { parameters, release: release(), kexec: () => undefined };
}

export interface ForemanParts {
  readonly dialect: ForemanDialect;
  readonly api: ForemanApi;
}

/** For the agent: dialect and API know of each other. */
export async function serveForeman(
  setup: Setup,
  options: Omit<ForemanApiOptions, 'parameters' | 'release' | 'kexec' | 'openFiles'>,
): Promise<ForemanParts> {
  const once = foremanOnce(setup);
  for (const problem of once.parameters.problems) options.log.warn(`kernel line: ${problem}`);
  const { values } = setup.settings({});
  const kexec = values.apiKexec ? await kexecVersion() : undefined;
  const { parameters } = once;
  const openFiles: ForemanApiOptions['openFiles'] = () => setup.openFiles(values, {});
  const api = createForemanApi({ ...options, parameters, release: release(), kexec, openFiles });
  return { dialect: { ...once, kexec: () => kexec, onFacts: (facts) => api.told(facts) }, api };
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
