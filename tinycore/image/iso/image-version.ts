/**
 * Versions of images. A Razor 0.x server compares them as three numbers and fails at every boot on some others; the form
 * that is safe is X.Y.Z or vX.Y.Z without leading zeros (its weights, seen on the real server, are in docs/image.md).
 */
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { run } from '../../../platform/process/run.ts';

const SAFE = /^v?(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})$/;

interface ImageVersion {
  readonly version: string;
  /** `git describe` or package.json's own text, where the version was made from it. */
  readonly from?: string;
  /** What a person should know about it. */
  readonly note?: string;
}

/** Throws RAZOR_MK_IMAGE_VERSION unless the version is of the safe form. */
export function checkVersion(version: string): string {
  if (SAFE.test(version)) return version;
  throw new RazorMkError(
    'RAZOR_MK_IMAGE_VERSION',
    `invalid version ${JSON.stringify(version)}: a Razor server could not compare it`,
  );
}

/** Brings a version to three numbers: `v0.12-3-gabc` is 0.12.0, `2024.08.09` is 2024.8.9. Undefined where it holds no number. */
export function threeParts(text: string): string | undefined {
  const match = /^v?(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?/.exec(text);
  if (match === null) return undefined;
  return [match[1], match[2], match[3]].map((part) => Number(part ?? 0)).join('.');
}

/** The version of an image: as given, else `git describe`, else package.json's. */
export async function imageVersion(
  given: string | undefined,
  project: string,
  packaged: string,
): Promise<ImageVersion> {
  if (given !== undefined) return { version: checkVersion(given) };
  const result = await run(['git', '-C', project, 'describe', '--tags', '--match', 'v[0-9]*']);
  const described = result.status === 0 ? result.stdout.toString().trim() : '';
  const version = threeParts(described);
  if (version === undefined) return { version: checkVersion(threeParts(packaged) ?? '0.0.0'), from: packaged };
  const commits = /-(\d+)-g[0-9a-f]+$/.exec(described)?.[1];
  const note = `${commits} commits after ${version}: a server that has ${version} already keeps the older image; --version tells them apart`;
  return { version: checkVersion(version), from: described, ...(commits === undefined ? {} : { note }) };
}
