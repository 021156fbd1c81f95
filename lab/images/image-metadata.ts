/**
 * `iso-metadata.yaml` at the root of a microkernel image: what it must hold
 * (docs/contracts/razor-0.x.md#image-metadata). Pure.
 */
import * as z from 'zod/mini';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { isRecord } from '../listeners/request-body.ts';
import { FLOAT, versionWeight } from './images.ts';

interface ImageMetadata {
  readonly version: string;
  readonly kernel: string;
  readonly initrd: string;
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  readonly kernelHash: string;
  readonly initrdHash: string;
  /** Seconds since 1970. */
  readonly buildTime: number | undefined;
}

const relative = z.string().check(z.minLength(1), z.maxLength(1000), z.regex(/^(?!\/)(?!.*\.\.)\P{Cc}*$/u));
const hash = z.string().check(z.regex(/^[0-9a-f]{64,128}$/));

const version = z.string().check(z.minLength(1), z.maxLength(100));

const schema = z.object({
  iso_version: version,
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

/** The original takes what YAML makes a number of, and stumbles over it at every boot. */
const faithfulSchema = z.extend(schema, { iso_version: z.union([version, z.number()]) });

const HASHES = { 256: 'sha256', 384: 'sha384', 512: 'sha512' } as const;

/** Longest metadata file that is read, in bytes. */
export const METADATA_LIMIT = 64 * 1024;

/**
 * The metadata of YAML text. A faithful lab takes versions that cannot be compared, as the original does, and its boots fail
 * (`versionFault`). Throws RAZOR_MK_IMAGE_METADATA, saying which key is wrong and why.
 */
export async function parseMetadata(source: string, faithful = false): Promise<ImageMetadata> {
  const { isScalar, parseDocument } = await import('yaml');
  let value: unknown;
  let plainTime: boolean;
  try {
    const document = parseDocument(source);
    if (document.errors[0]) throw document.errors[0];
    value = document.toJS({ maxAliasCount: 10 });
    const time = isRecord(value) ? document.get('iso_build_time', true) : undefined;
    plainTime = !isScalar(time) || time.type === 'PLAIN';
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_IMAGE_METADATA', 'iso-metadata.yaml is not YAML', { cause: error });
  }
  const result = (faithful ? faithfulSchema : schema).safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    const key = issue?.path.join('.') ?? '';
    const given = isRecord(value) ? value['iso_version'] : undefined;
    if (key === 'iso_version' && typeof given === 'number') {
      const what = `iso_version ${given} is a number to YAML, and no server could boot it; put it into quotes`;
      throw new RazorMkError('RAZOR_MK_IMAGE_METADATA', `iso-metadata.yaml: ${what}`);
    }
    throw new RazorMkError('RAZOR_MK_IMAGE_METADATA', `iso-metadata.yaml: ${key || 'the file'} is missing or wrong`);
  }
  const data = result.data;
  const isoVersion = typeof data.iso_version === 'string' ? data.iso_version : `${FLOAT}${String(data.iso_version)}`;
  if (!faithful && versionWeight(isoVersion) === undefined) {
    throw new RazorMkError(
      'RAZOR_MK_IMAGE_METADATA',
      `iso-metadata.yaml: iso_version ${JSON.stringify(isoVersion)} cannot be compared; use X.Y.Z without leading zeros`,
    );
  }
  return {
    version: isoVersion,
    kernel: data.kernel,
    initrd: data.initrd,
    hash: HASHES[data.hash_description.bitlen],
    kernelHash: data.kernel_hash,
    initrdHash: data.initrd_hash,
    buildTime: faithful ? faithfulTime(data.iso_build_time, plainTime) : buildTime(data.iso_build_time),
  };
}

/** As Ruby's YAML reads it: a bare date is no time, and refused; text in quotes counts as the number that it begins with. */
function faithfulTime(value: unknown, plain: boolean): number | undefined {
  if (typeof value !== 'string') return buildTime(value);
  if (!plain) return Number.parseInt(value, 10) || 0;
  if (!/^\d{4}-\d\d-\d\d$/.test(value)) return buildTime(value);
  throw new RazorMkError('RAZOR_MK_IMAGE_METADATA', 'iso-metadata.yaml: iso_build_time is a date without a time');
}

function buildTime(value: unknown): number | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return Math.floor(value);
  const text = value instanceof Date ? value.toISOString() : typeof value === 'string' ? value : '';
  const at = Date.parse(text.replace(/^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,3})?)\d* ?(Z|UTC)?$/, '$1T$2Z'));
  return Number.isNaN(at) ? undefined : Math.floor(at / 1000);
}
