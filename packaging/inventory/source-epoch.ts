/** The one time that every file of a package or an image gets, so that two builds on two days are the same bytes. */
import { run } from '../../platform/process/run.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';

/** 2026-01-01: where neither SOURCE_DATE_EPOCH nor a git history says anything. */
const FALLBACK = 1_767_225_600;

/**
 * Seconds since 1970: SOURCE_DATE_EPOCH (reproducible-builds.org), else the time of the clone's last commit, else a
 * constant; never the clock. Throws RAZOR_MK_USAGE for an invalid SOURCE_DATE_EPOCH.
 */
export async function sourceEpoch(env: Readonly<Record<string, string | undefined>>, project: string): Promise<number> {
  const given = env['SOURCE_DATE_EPOCH'];
  if (given !== undefined && given !== '') {
    if (!/^\d{1,10}$/.test(given) || Number(given) > 0xffffffff) {
      throw new RazorMkError('RAZOR_MK_USAGE', `invalid SOURCE_DATE_EPOCH: ${given}`, {
        remedy: 'Give seconds since 1970: SOURCE_DATE_EPOCH=$(git log -1 --format=%ct).',
      });
    }
    return Number(given);
  }
  // a clone that belongs to somebody else is still only read
  const result = await run(['git', '-c', `safe.directory=${project}`, '-C', project, 'log', '-1', '--format=%ct']);
  const time = result.status === 0 ? result.stdout.toString().trim() : '';
  return /^\d+$/.test(time) ? Number(time) : FALLBACK;
}
