/**
 * apt for another release of Debian, or another processor, than the machine's: lists of its own in the cache, the archives of the
 * machine's own sources, and Debian's keyring, so that packages of 12 and 13, for PCs and arm64, can be had on either.
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
  /** The name of a release in the archive: `trixie`, `sid`; by default that of the machine's own sources, with its updates. */
  readonly suite?: string;
  /** Debian's name of a processor that is not this machine's: `arm64`. */
  readonly foreign?: string;
  readonly cache: string;
  readonly run: RunOptions;
}

/**
 * Options of apt-get and apt-cache for the suite; its lists are fetched where they are missing or older than a day. Throws
 * RAZOR_MK_DOWNLOAD where the machine's sources name no archive of Debian, or its lists cannot be had or verified.
 */
export async function aptSuite(options: AptSuiteOptions): Promise<readonly string[]> {
  const { suite, foreign, cache } = options;
  const what = [suite ?? 'own', ...(foreign === undefined ? [] : [foreign])].join('-');
  const directory = join(cache, `apt-${what}`);
  for (const part of ['lists/partial', 'archives/partial', 'parts']) {
    mkdirSync(join(directory, part), { recursive: true });
  }
  const sources = join(directory, 'sources.list');
  const apt = [
    ...['-o', `Dir::Etc::sourcelist=${sources}`, '-o', `Dir::Etc::sourceparts=${join(directory, 'parts')}`],
    ...['-o', `Dir::State::lists=${join(directory, 'lists')}`, '-o', `Dir::Cache=${directory}`],
    ...['-o', 'Dir::Cache::archives=archives', '-o', 'APT::Sandbox::User=root'],
    ...(foreign === undefined ? [] : ['-o', `APT::Architecture=${foreign}`, '-o', `APT::Architectures=${foreign}`]),
  ];
  if (existsSync(sources) && Date.now() - statSync(sources).mtimeMs < FRESH_MS) return apt;
  const archives = await archivesFor(suite, options.run);
  if (!existsSync(KEYRING)) {
    throw new RazorMkError('RAZOR_MK_DOWNLOAD', `${KEYRING} is not there: the lists of ${what} cannot be verified`, {
      remedy: 'Install it: apt-get install debian-archive-keyring.',
    });
  }
  const fresh = `${sources}.new`;
  writeFileSync(
    fresh,
    archives.map(([uri, release]) => `deb [signed-by=${KEYRING}] ${uri} ${release} main\n`).join(''),
  );
  const updating = apt.map((word) => word.replace(`sourcelist=${sources}`, `sourcelist=${fresh}`));
  await must(['apt-get', ...updating, '-o', 'APT::Update::Error-Mode=any', 'update'], options.run).catch(
    (error: unknown) => {
      throw new RazorMkError(
        'RAZOR_MK_DOWNLOAD',
        `the lists of Debian ${what} could not be fetched: ${String(error)}`,
        {
          remedy:
            'Check the network, that the archive in the sources of apt has this release and processor, and that its keyring knows it.',
          cause: error,
        },
      );
    },
  );
  renameSync(fresh, sources);
  return apt;
}

type Archive = readonly [uri: string, release: string];

/** Where the machine's own sources have the component main of Debian from, for `suite` or for all that they name themselves. */
async function archivesFor(suite: string | undefined, options: RunOptions): Promise<readonly Archive[]> {
  const format = '$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)|$(RELEASE)';
  const { stdout } = await run(['apt-get', 'indextargets', '--format', format, 'Created-By: Packages'], options);
  const rows = stdout
    .toString()
    .split('\n')
    .map((line) => line.split('|'))
    .filter(([origin, , component, uri]) => origin === 'Debian' && component === 'main' && USABLE.test(uri ?? ''));
  const main = rows.find(([, label]) => label === 'Debian')?.[3];
  if (main === undefined) {
    throw new RazorMkError('RAZOR_MK_DOWNLOAD', 'the sources of apt name no archive of Debian', {
      remedy: 'Add one to /etc/apt/sources.list.d and run apt-get update.',
    });
  }
  if (suite !== undefined) return [[main, suite]];
  const own = new Map(rows.map(([, , , uri = '', release = '']) => [`${uri} ${release}`, [uri, release] as const]));
  return [...own.values()];
}

const USABLE = /^(https?|file|copy|mirror\+\w+):\S+$/;
