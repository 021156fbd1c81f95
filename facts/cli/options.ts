/** Options that all verbs about facts share, and what they open. */
import type { Argv } from 'yargs';
import { openCapture } from '../capture/lazy.ts';
import { openSources } from '../sources/open.ts';
import type { Sources } from '../sources/sources.ts';

export interface SourceArgs {
  readonly from: string | undefined;
  readonly root: string;
  readonly all: boolean;
  readonly hardware: 'native' | 'lshw';
  readonly 'facts-dir': readonly (string | number)[] | undefined;
}

/** Adds --from, --root, --all, --hardware and --facts-dir. */
export function withSources(yargs: Argv): Argv<SourceArgs> {
  return yargs
    .option('from', { type: 'string', describe: 'read a capture instead of this machine' })
    .option('root', { type: 'string', default: '/', describe: 'read a recorded tree instead of this machine' })
    .option('all', { type: 'boolean', default: false, describe: 'also what starts programs: LLDP, BMC, ethtool' })
    .option('hardware', {
      choices: ['native', 'lshw'] as const,
      default: 'native' as const,
      describe: 'how the mk_hw_* facts are made',
    })
    .option('facts-dir', {
      type: 'array',
      default: ['/etc/razor-mk/facts.d'] as (string | number)[],
      describe: 'directories with facts of your own',
    }) as unknown as Argv<SourceArgs>;
}

/** Opens what the options name. Throws RAZOR_MK_FILE_UNREADABLE or RAZOR_MK_CAPTURE. */
export async function sourcesOf(args: SourceArgs): Promise<Sources> {
  return args.from === undefined ? openSources({ root: args.root }) : await openCapture(args.from);
}

/** The options of a gathering. */
export async function collectOptionsOf(
  args: SourceArgs,
  signal: AbortSignal,
): Promise<{
  sources: Sources;
  all: boolean;
  hardware: 'native' | 'lshw';
  externalDirs: string[];
  signal: AbortSignal;
}> {
  return {
    sources: await sourcesOf(args),
    all: args.all,
    hardware: args.hardware,
    externalDirs: (args['facts-dir'] ?? []).map(String),
    signal,
  };
}
