/** Version, commit and Node of this program. The packager bakes version and commit in; from a clone they are looked up. */
import { readFileSync } from 'node:fs';

declare const RAZOR_MK_VERSION: string | undefined;
declare const RAZOR_MK_COMMIT: string | undefined;

/** The program's version: `1.0.0`. */
export function version(): string {
  if (typeof RAZOR_MK_VERSION !== 'undefined') return RAZOR_MK_VERSION;
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** `razor-mk 1.0.0 (commit abc1234, Node v24.21.0)`. */
export function versionText(): string {
  const commit = typeof RAZOR_MK_COMMIT === 'undefined' ? 'from a clone' : `commit ${RAZOR_MK_COMMIT}`;
  return `razor-mk ${version()} (${commit}, Node ${process.version})`;
}
