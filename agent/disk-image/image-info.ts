/** What Ironic says of the image to write (`image_info`), checked; what this agent cannot do is refused in words. */
import * as z from 'zod/mini';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { readProxies, type Proxies } from '../http/proxy.ts';

export const ALGORITHMS = ['sha512', 'sha384', 'sha256', 'sha1', 'md5'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export interface Digest {
  readonly algorithm: Algorithm;
  /** Lower-case hex. */
  readonly hex: string;
}

export interface ImageInfo {
  readonly id: string;
  /** In order; the next is tried when one fails. */
  readonly urls: readonly string[];
  readonly format: 'raw' | 'qcow2';
  /** What the image must hash to, or the URL of a file that says it. */
  readonly digest: Digest | { readonly listUrl: string };
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
      `image_info has no http or https URL: ${info.urls[0] ?? ''}`,
      'Set [agent]image_download_source=http, or give an http(s) image_source.',
    );
  }
  if (info.image_type === 'partition' || (info.kernel ?? '') !== '' || (info.ramdisk ?? '') !== '') {
    throw refuse('it is the image of a partition', 'Use an image of a whole disk: this agent makes no partitions.');
  }
  const format = (info.disk_format ?? 'raw').toLowerCase();
  if (format !== 'raw' && format !== 'qcow2') {
    throw refuse(`the image's format is ${format}`, 'Use a raw image of a whole disk.');
  }
  return {
    id: info.id ?? urls[0] ?? '',
    urls,
    format,
    digest: digestOf(info.os_hash_algo, info.os_hash_value, info.checksum, rules),
    proxies: proxiesOf(info.proxies ?? {}, info.no_proxy ?? ''),
    authorization: authorizationOf(info),
  };
}

function digestOf(
  algorithm: string | null | undefined,
  value: string | null | undefined,
  checksum: string | null | undefined,
  rules: ImageRules,
): ImageInfo['digest'] {
  const name = ALGORITHMS.find((each) => each === algorithm?.toLowerCase().replace('-', ''));
  if (value && name === undefined)
    throw refuse(`its checksum is made by ${String(algorithm)}, which is not known here`);
  const digest = value ? { algorithm: name, hex: value } : checksum ? named(checksum) : undefined;
  if (digest === undefined)
    throw refuse('there is no checksum to know the image by', 'Give image_os_hash_algo and image_os_hash_value.');
  if ('listUrl' in digest) return digest;
  return checkedDigest(digest.algorithm, digest.hex, rules);
}

function named(checksum: string): { algorithm: Algorithm | undefined; hex: string } | { listUrl: string } {
  if (/^https?:\/\//i.test(checksum) && URL.canParse(checksum)) return { listUrl: checksum };
  return { algorithm: byLength(checksum), hex: checksum };
}

const LENGTHS: Readonly<Record<number, Algorithm>> = {
  32: 'md5',
  40: 'sha1',
  64: 'sha256',
  96: 'sha384',
  128: 'sha512',
};

function byLength(hex: string): Algorithm | undefined {
  return LENGTHS[hex.trim().length];
}

/** A digest whose length fits its name, and whose algorithm the server allows. Throws RAZOR_MK_DEPLOY_IMAGE. */
export function checkedDigest(algorithm: Algorithm | undefined, value: string, rules: ImageRules): Digest {
  const hex = value.trim().toLowerCase();
  if (algorithm === undefined || !/^[0-9a-f]+$/.test(hex) || byLength(hex) !== algorithm) {
    throw refuse(`"${value.slice(0, 140)}" is no checksum${algorithm === undefined ? '' : ` by ${algorithm}`}`);
  }
  if (algorithm === 'md5' && !rules.md5) {
    throw refuse(
      'its checksum is MD5, which the server does not allow',
      'Give image_os_hash_algo=sha512 and its value.',
    );
  }
  return { algorithm, hex };
}

/**
 * The digest of `file` in a list as sha256sum and its like write it (`HEX  NAME`, `HEX *NAME`, `ALGORITHM (NAME) = HEX`), or
 * in a file of one digest. Throws RAZOR_MK_DEPLOY_IMAGE where there is none.
 */
export function digestInList(list: string, file: string, rules: ImageRules): Digest {
  const lines = list
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#') && line.length < 4096);
  for (const line of lines) {
    const plain = /^([0-9a-f]{32,128})\s+\*?(?:\.\/)?(\S+)$/i.exec(line);
    const tagged = /^([A-Z0-9-]+)\s*\((?:\.\/)?([^)]+)\)\s*=\s*([0-9a-f]{32,128})$/i.exec(line);
    if (plain?.[2] === file) return checkedDigest(byLength(plain[1] ?? ''), plain[1] ?? '', rules);
    if (tagged?.[2] === file) return checkedDigest(byLength(tagged[3] ?? ''), tagged[3] ?? '', rules);
  }
  const [only] = lines;
  if (lines.length === 1 && only !== undefined && /^[0-9a-f]{32,128}$/i.test(only)) {
    return checkedDigest(byLength(only), only, rules);
  }
  throw refuse(`the list of checksums does not name ${file}`);
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
    if (!/^[\x20-\x7e]+$/.test(header)) throw refuse('image_request_authorization is no base64 of a header');
    return header;
  }
  const { image_server_auth_strategy: strategy, image_server_user: user, image_server_password: password } = info;
  if (!strategy || strategy === 'noauth') return undefined;
  if (strategy !== 'http_basic') throw refuse(`the image's server wants ${strategy}, which is not known here`);
  if (!user || !password) throw refuse('http_basic without user or password');
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
