/** Options that all verbs about facts share, and what they open. */
import { statSync } from 'node:fs';
import type { Argv } from 'yargs';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { openCapture } from '../capture/lazy.ts';
import { openTree } from '../sources/open.ts';
import type { CollectOptions } from '../collect-facts.ts';
import type { IdentityChoice } from '../identity/identity-types.ts';
import type { Sources } from '../sources/sources.ts';

interface SourceArgs {
  readonly from: string | undefined;
  readonly root: string;
  readonly all: boolean;
  readonly hardware: 'native' | 'lshw';
  readonly 'facts-dir': string | undefined;
  readonly 'identity-include': string | undefined;
  readonly 'identity-exclude': string | undefined;
}

/** The site's own facts, where nobody names another place. */
const USUAL_FACTS_DIR = '/etc/razor-mk/facts.d';

/** The option --facts-dir. */
export const FACTS_DIR = {
  type: 'string',
  defaultDescription: USUAL_FACTS_DIR,
  describe: 'directories with facts of your own; beside a capture or a tree only where they are named',
} as const;

/**
 * The directories that --facts-dir names, or the usual one, which only belongs to the running machine. Throws
 * RAZOR_MK_FILE_UNREADABLE for a named one that is none.
 */
export function externalDirsOf(named: string | undefined): Pick<CollectOptions, 'externalDirs' | 'externalAnywhere'> {
  const externalDirs = (named ?? '').split(',').filter((part) => part !== '');
  if (externalDirs.length === 0) return { externalDirs: [USUAL_FACTS_DIR] };
  const missing = externalDirs.find((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true);
  if (missing !== undefined)
    throw new RazorMkError('RAZOR_MK_FILE_UNREADABLE', `--facts-dir: ${missing} is not a directory`);
  return { externalDirs, externalAnywhere: true };
}

/** Adds --from, --root, --all, --hardware, --facts-dir, --identity-include and --identity-exclude. */
export function withSources(yargs: Argv): Argv<SourceArgs> {
  return yargs
    .option('from', { group: 'What is read:', type: 'string', describe: 'read a capture instead of this machine' })
    .option('root', {
      group: 'What is read:',
      type: 'string',
      default: '/',
      describe: 'read a recorded tree instead of this machine',
    })
    .option('all', {
      group: 'What is read:',
      type: 'boolean',
      default: false,
      describe: 'also what starts programs: LLDP, BMC, ethtool',
    })
    .option('hardware', {
      group: 'What is read:',
      choices: ['native', 'lshw'] as const,
      default: 'native' as const,
      describe: 'how the mk_hw_* facts are made',
    })
    .option('facts-dir', { group: 'What is read:', ...FACTS_DIR })
    .option('identity-include', {
      group: 'What is read:',
      type: 'string',
      describe: 'interfaces (names or MACs) to take into the id against the rules',
    })
    .option('identity-exclude', {
      group: 'What is read:',
      type: 'string',
      describe: 'interfaces (names or MACs) to leave out of the id',
    }) as unknown as Argv<SourceArgs>;
}

/** Opens what the options name. Throws RAZOR_MK_FILE_UNREADABLE or RAZOR_MK_CAPTURE. */
export async function sourcesOf(args: SourceArgs): Promise<Sources> {
  return args.from === undefined ? openTree(args.root) : await openCapture(args.from);
}

/** The options of a gathering. */
export async function collectOptionsOf(args: SourceArgs, signal: AbortSignal): Promise<CollectOptions> {
  return {
    sources: await sourcesOf(args),
    all: args.all,
    hardware: args.hardware,
    ...externalDirsOf(args['facts-dir']),
    identityChoice: identityChoiceOf(args),
    signal,
  };
}

/** What --identity-include and --identity-exclude name: comma-separated, as the agent's settings of these names. */
export function identityChoiceOf(args: SourceArgs): IdentityChoice {
  const list = (text: string | undefined): string[] => (text ?? '').split(',').filter((part) => part !== '');
  return { include: list(args['identity-include']), exclude: list(args['identity-exclude']) };
}
