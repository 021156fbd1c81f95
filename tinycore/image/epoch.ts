/** The one time that every file of an image gets, so that two builds on two days are the same bytes. */
import { run } from '../../platform/process/run.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';

/** 2026-01-01: where neither SOURCE_DATE_EPOCH nor a git history says anything. */
const FALLBACK = 1_767_225_600;

/**
 * Seconds since 1970: SOURCE_DATE_EPOCH (reproducible-builds.org), else the time of the clone's last commit, else a
 * constant; never the clock. Throws RAZOR_MK_USAGE for a SOURCE_DATE_EPOCH that is no number.
 */
export async function sourceEpoch(env: Readonly<Record<string, string | undefined>>, project: string): Promise<number> {
  const given = env['SOURCE_DATE_EPOCH'];
  if (given !== undefined && given !== '') {
    if (!/^\d{1,10}$/.test(given) || Number(given) > 0xffffffff) {
      throw new RazorMkError('RAZOR_MK_USAGE', `SOURCE_DATE_EPOCH=${given} is no time`, {
        remedy: 'Give seconds since 1970: SOURCE_DATE_EPOCH=$(git log -1 --format=%ct).',
      });
    }
    return Number(given);
  }
  const result = await run(['git', '-C', project, 'log', '-1', '--format=%ct']);
  const time = result.status === 0 ? result.stdout.toString().trim() : '';
  return /^\d+$/.test(time) ? Number(time) : FALLBACK;
}
