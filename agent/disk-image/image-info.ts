/** What Ironic says of the image to write (`image_info`), checked; what this agent cannot do is refused in words. */
import type { FileSignatures } from '../http/tls/file-signatures.ts';
import * as z from 'zod/mini';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { bracketHint } from '../discovery/address.ts';
import { readProxies, type Proxies } from '../http/proxy.ts';
import { algorithmByLength, algorithmNamed, checkedDigest, type Algorithm, type Digest } from './checksums.ts';

export interface ImageInfo {
  readonly id: string;
  /** In order; the next is tried when one fails. */
  readonly urls: readonly string[];
  /** As the server calls it; undefined where it leaves that to the bytes. */
  readonly format: 'raw' | 'qcow2' | undefined;
  /** What the image must hash to, or the URL of a file that says it, for one algorithm where the server named one. */
  readonly digest: Digest | { readonly listUrl: string; readonly algorithm: Algorithm | undefined };
  /** The image's own proxies (`proxies`, `no_proxy`); undefined for those of the agent's environment. */
  readonly proxies: Proxies | undefined;
  /** The Authorization header of the image's server. */
  readonly authorization: string | undefined;
}

const text = z.string().check(z.maxLength(4096));
const optional = <T extends z.ZodMiniType>(inner: T): z.ZodMiniOptional<z.ZodMiniNullable<T>> =>
  z.optional(z.nullable(inner));

const SCHEMA = z.object({
  id: optional(text),
  urls: z.array(text).check(z.minLength(1), z.maxLength(20)),
  disk_format: optional(text),
  image_type: optional(text),
  checksum: optional(text),
  os_hash_algo: optional(text),
  os_hash_value: optional(text),
  proxies: optional(z.record(text, text)),
  no_proxy: optional(text),
  image_request_authorization: optional(text),
  image_server_auth_strategy: optional(text),
  image_server_user: optional(text),
  image_server_password: optional(text),
  kernel: optional(text),
  ramdisk: optional(text),
});

export interface ImageRules {
  /** `agent_md5_checksum_enable` of the lookup; servers that do not know it may have nothing but MD5. */
  readonly md5: boolean;
  /** `permitted_image_formats` of the lookup, where it was given. */
  readonly formats?: readonly string[] | undefined;
  /** Where a site key is set: an image counts only with its signature beside it. */
  readonly signatures?: FileSignatures | undefined;
}

function refuse(why: string, remedy?: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_DEPLOY_IMAGE', why, remedy === undefined ? {} : { remedy });
}

/** Reads `image_info`. Throws RAZOR_MK_DEPLOY_IMAGE for what is none, cannot be done here, or has nothing to check it by. */
export function readImageInfo(value: unknown, rules: ImageRules): ImageInfo {
  const parsed = SCHEMA.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse(`image_info: ${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'is wrong'}`);
  }
  const info = parsed.data;
  const urls = info.urls.filter((url) => /^https?:\/\//i.test(url) && URL.canParse(url));
  if (urls.length === 0) {
    throw refuse(
      `image_info has no http or https URL: ${info.urls[0] ?? ''}${bracketHint(info.urls[0] ?? '')}`,
      'Set [agent]image_download_source=http, or give an http(s) image_source.',
    );
  }
  if (info.image_type === 'partition' || (info.kernel ?? '') !== '' || (info.ramdisk ?? '') !== '') {
    throw refuse(
      'it is the image of a partition: this agent makes no partitions',
      'Use an image of a whole disk, raw or qcow2.',
    );
  }
  const format = info.disk_format?.toLowerCase();
  if (format !== undefined && format !== 'raw' && format !== 'qcow2') {
    throw refuse(`the image's format is ${format}`, 'Use an image of a whole disk, raw or qcow2.');
  }
  if (format !== undefined) refusePermission(format, rules);
  return {
    id: info.id ?? urls[0] ?? '',
    urls,
    format,
    digest: digestOf(info.os_hash_algo, info.os_hash_value, info.checksum, rules),
    proxies: proxiesOf(info.proxies ?? {}, info.no_proxy ?? ''),
    authorization: authorizationOf(info),
  };
}

/** What the bytes are must be what the server called it, and be permitted. Throws RAZOR_MK_DEPLOY_IMAGE. */
export function refuseFormat(found: 'raw' | 'qcow2', { format }: ImageInfo, rules: ImageRules): void {
  if (found !== (format ?? found)) {
    throw refuse(
      `the image is ${found === 'qcow2' ? 'a qcow2 image' : 'not a qcow2 image'}, and its disk_format says ${String(format)}; nothing was written`,
      'Give its real image_disk_format.',
    );
  }
  refusePermission(found, rules);
}

/** Ironic takes a raw image with a partition table for the format gpt. */
function refusePermission(format: 'raw' | 'qcow2', { formats }: ImageRules): void {
  if (formats?.some((each) => each === format || (each === 'gpt' && format === 'raw')) !== false) return;
  throw refuse(
    `the image is ${format}, and the server permits ${formats.join(', ') || 'no image formats'}`,
    `Add ${format} to [conductor]permitted_image_formats.`,
  );
}

function digestOf(
  algorithm: string | null | undefined,
  value: string | null | undefined,
  checksum: string | null | undefined,
  rules: ImageRules,
): ImageInfo['digest'] {
  const name = algorithmNamed(algorithm ?? '');
  if (value && !algorithm)
    throw refuse('os_hash_value without os_hash_algo', 'Give image_os_hash_algo, such as sha256.');
  if (value && name === undefined) throw refuse(`unknown checksum algorithm ${String(algorithm)}`);
  const given = value || checksum;
  if (!given) {
    throw refuse('there is no checksum to know the image by', 'Give image_os_hash_algo and image_os_hash_value.');
  }
  // Metal3 puts the URL of a list into either, and the algorithm beside it
  if (/^https?:\/\//i.test(given) && URL.canParse(given)) {
    return { listUrl: given, algorithm: value ? name : undefined };
  }
  return checkedDigest(value ? name : algorithmByLength(given), given, rules);
}

function proxiesOf(proxies: Readonly<Record<string, string>>, noProxy: string): Proxies | undefined {
  const { http, https } = proxies;
  if ((http ?? '') === '' && (https ?? '') === '') return undefined;
  return readProxies({ http_proxy: http, https_proxy: https, no_proxy: noProxy });
}

function authorizationOf(info: z.infer<typeof SCHEMA>): string | undefined {
  const given = info.image_request_authorization;
  if (given) {
    const header = Buffer.from(given, 'base64').toString('latin1');
    if (!/^[\x20-\x7e]+$/.test(header)) throw refuse('image_request_authorization is not a header in base64');
    return header;
  }
  const { image_server_auth_strategy: strategy, image_server_user: user, image_server_password: password } = info;
  if (!strategy || strategy === 'noauth') return undefined;
  if (strategy !== 'http_basic') throw refuse(`the image's server wants ${strategy}, which is not known here`);
  if (!user || !password) throw refuse('http_basic without user or password');
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
