/** `iso-metadata.yaml` at the root of a microkernel image: what it must hold (razor-0.x.md, section 9). Pure. */
import * as z from 'zod/mini';
import { RazorMkError } from '../platform/errors.ts';
import { versionWeight } from './images.ts';

export interface ImageMetadata {
  readonly version: string;
  readonly kernel: string;
  readonly initrd: string;
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  readonly kernelHash: string;
  readonly initrdHash: string;
  /** Seconds since 1970. */
  readonly buildTime: number | undefined;
}

const relative = z.string().check(z.minLength(1), z.maxLength(1000), z.regex(/^(?!\/)(?!.*\.\.)[^\0]*$/));
const hash = z.string().check(z.regex(/^[0-9a-f]{64,128}$/));

const schema = z.object({
  iso_version: z.string().check(z.minLength(1), z.maxLength(100)),
  kernel: relative,
  initrd: relative,
  hash_description: z.object({
    type: z.literal('Digest::SHA2'),
    bitlen: z.union([z.literal(256), z.literal(384), z.literal(512)]),
  }),
  kernel_hash: hash,
  initrd_hash: hash,
  iso_build_time: z.optional(z.unknown()),
});

const HASHES = { 256: 'sha256', 384: 'sha384', 512: 'sha512' } as const;

/** Longest metadata file that is read, in bytes. */
export const METADATA_LIMIT = 64 * 1024;

/** The metadata of YAML text. Throws RAZOR_MK_IMAGE_METADATA, saying which key is wrong and why. */
export async function parseMetadata(source: string): Promise<ImageMetadata> {
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(source, { maxAliasCount: 10 });
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_IMAGE_METADATA', 'iso-metadata.yaml is not YAML', { cause: error });
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    const key = issue?.path.join('.') ?? '';
    throw new RazorMkError('RAZOR_MK_IMAGE_METADATA', `iso-metadata.yaml: ${key || 'the file'} is missing or wrong`);
  }
  const data = result.data;
  if (versionWeight(data.iso_version) === undefined) {
    throw new RazorMkError(
      'RAZOR_MK_IMAGE_METADATA',
      `iso-metadata.yaml: iso_version ${JSON.stringify(data.iso_version)} cannot be compared; use X.Y.Z without leading zeros`,
    );
  }
  return {
    version: data.iso_version,
    kernel: data.kernel,
    initrd: data.initrd,
    hash: HASHES[data.hash_description.bitlen],
    kernelHash: data.kernel_hash,
    initrdHash: data.initrd_hash,
    buildTime: buildTime(data.iso_build_time),
  };
}

function buildTime(value: unknown): number | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return Math.floor(value);
  const text = value instanceof Date ? value.toISOString() : typeof value === 'string' ? value : '';
  const at = Date.parse(text.replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,3})?)\d* ?(Z|UTC)?$/, '$1T$2Z'));
  return Number.isNaN(at) ? undefined : Math.floor(at / 1000);
}
