/** Programs of the build machine. A missing one is named together with the Debian package that carries it. */
import { RazorMkError } from '../platform/errors/errors.ts';
import { run, type RunOptions, type RunResult } from '../platform/process/run.ts';

/** Debian package of each program that the packager may start. */
const PACKAGE_OF: Readonly<Record<string, string>> = {
  strip: 'binutils',
  'aarch64-linux-gnu-strip': 'binutils-aarch64-linux-gnu',
  'x86_64-linux-gnu-strip': 'binutils-x86-64-linux-gnu',
  xz: 'xz-utils',
  git: 'git',
  mksquashfs: 'squashfs-tools',
  unsquashfs: 'squashfs-tools',
};

/**
 * Runs a program of the build to its successful end. Throws RAZOR_MK_TOOL_MISSING where it is not installed and
 * RAZOR_MK_PACKAGE, with the end of what it printed, where it fails.
 */
export async function tool(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
  const result = await run(argv, { timeoutMs: 600_000, ...options });
  if (result.failure === 'not-found') throw missingTool([argv[0]]);
  if (result.failure !== undefined || result.status !== 0) {
    const said = (result.stderr.length > 0 ? result.stderr : result.stdout).toString('utf8').trim().slice(-2000);
    const how =
      result.failure ?? (result.signal === undefined ? `exit ${result.status}` : `killed by ${result.signal}`);
    throw new RazorMkError('RAZOR_MK_PACKAGE', `${argv.join(' ')}: ${how}${said === '' ? '' : `: ${said}`}`);
  }
  return result;
}

/** The error for programs of which none is installed. */
export function missingTool(programs: readonly string[]): RazorMkError {
  const packages = [...new Set(programs.map((name) => PACKAGE_OF[name] ?? name))];
  return new RazorMkError('RAZOR_MK_TOOL_MISSING', `${programs.join(' or ')} is not installed`, {
    remedy: `Install it: apt-get install ${packages[0] ?? programs[0]} (or the package of your system that carries it).`,
  });
}
