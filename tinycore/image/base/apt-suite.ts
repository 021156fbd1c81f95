/**
 * apt for another release of Debian than the machine's: lists of its own in the cache, the archive of the machine's own sources,
 * and Debian's keyring, so that packages of 12 and 13 can be had on either.
 */
import { existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { run, type RunOptions } from '../../../platform/process/run.ts';
import { must } from '../programs.ts';

/** Releases that a base was built of and booted. */
export const SUITES = ['bookworm', 'trixie'] as const;
export type Suite = (typeof SUITES)[number];

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** How old lists may be before they are fetched again. */
const FRESH_MS = 24 * 3600 * 1000;

interface AptSuiteOptions {
  /** The name of a release in the archive: `trixie`, `sid`. */
  readonly suite: string;
  readonly cache: string;
  readonly run: RunOptions;
}

/**
 * Options of apt-get and apt-cache for the suite; its lists are fetched where they are missing or older than a day. Throws
 * RAZOR_MK_DOWNLOAD where the machine's sources name no archive of Debian, or its lists cannot be had or verified.
 */
export async function aptSuite({ suite, cache, run: options }: AptSuiteOptions): Promise<readonly string[]> {
  const directory = join(cache, `apt-${suite}`);
  for (const part of ['lists/partial', 'archives/partial', 'parts']) {
    mkdirSync(join(directory, part), { recursive: true });
  }
  const sources = join(directory, 'sources.list');
  const apt = [
    ...['-o', `Dir::Etc::sourcelist=${sources}`, '-o', `Dir::Etc::sourceparts=${join(directory, 'parts')}`],
    ...['-o', `Dir::State::lists=${join(directory, 'lists')}`, '-o', `Dir::Cache=${directory}`],
    ...['-o', 'Dir::Cache::archives=archives', '-o', 'APT::Sandbox::User=root'],
  ];
  if (existsSync(sources) && Date.now() - statSync(sources).mtimeMs < FRESH_MS) return apt;
  const archive = await archiveUri(options);
  if (!existsSync(KEYRING)) {
    throw new RazorMkError('RAZOR_MK_DOWNLOAD', `${KEYRING} is not there: the lists of ${suite} cannot be verified`, {
      remedy: 'Install it: apt-get install debian-archive-keyring.',
    });
  }
  const fresh = `${sources}.new`;
  writeFileSync(fresh, `deb [signed-by=${KEYRING}] ${archive} ${suite} main\n`);
  const updating = apt.map((word) => word.replace(`sourcelist=${sources}`, `sourcelist=${fresh}`));
  await must(['apt-get', ...updating, '-o', 'APT::Update::Error-Mode=any', 'update'], options).catch(
    (error: unknown) => {
      throw new RazorMkError(
        'RAZOR_MK_DOWNLOAD',
        `the lists of Debian ${suite} could not be fetched: ${String(error)}`,
        {
          remedy: 'Check the network, the archive in the sources of apt, and that its keyring knows the release.',
          cause: error,
        },
      );
    },
  );
  renameSync(fresh, sources);
  return apt;
}

/** The archive that the machine's own sources have the component main of Debian from. */
async function archiveUri(options: RunOptions): Promise<string> {
  const format = '$(LABEL)|$(COMPONENT)|$(REPO_URI)';
  const { stdout } = await run(['apt-get', 'indextargets', '--format', format, 'Created-By: Packages'], options);
  const rows = stdout
    .toString()
    .split('\n')
    .map((line) => line.split('|'));
  const uri = rows.find(([label, component]) => label === 'Debian' && component === 'main')?.[2];
  if (uri !== undefined && /^(https?|file|copy|mirror\+\w+):\S+$/.test(uri)) return uri;
  throw new RazorMkError('RAZOR_MK_DOWNLOAD', 'the sources of apt name no archive of Debian', {
    remedy: 'Add one to /etc/apt/sources.list.d and run apt-get update.',
  });
}
