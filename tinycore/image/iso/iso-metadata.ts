/** iso-metadata.yaml: what a Razor 0.x server reads from the root of a microkernel ISO, and how it judges it. */
import { createHash } from 'node:crypto';
import type { Document } from 'yaml';

interface IsoMetadata {
  readonly version: string;
  /** Paths in the ISO. */
  readonly kernel: string;
  readonly initrd: string;
  readonly kernelHash: string;
  readonly initrdHash: string;
  /** Seconds since 1970. */
  readonly buildTime: number;
}

/** The SHA-256 of bytes, in hexadecimal digits. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The file, key by key as the original's builder wrote it; the version is quoted, because 1.5 would be a number. */
export function metadataText(metadata: IsoMetadata): string {
  const time = new Date(metadata.buildTime * 1000).toISOString();
  return [
    '---',
    `iso_version: "${metadata.version}"`,
    `kernel: ${metadata.kernel}`,
    `initrd: ${metadata.initrd}`,
    'hash_description: {type: "Digest::SHA2", bitlen: 256}',
    `kernel_hash: ${quoteHash(metadata.kernelHash)}`,
    `initrd_hash: ${quoteHash(metadata.initrdHash)}`,
    `iso_build_time: ${time.slice(0, 10)} ${time.slice(11, 19)}.000000000 Z`,
    '',
  ].join('\n');
}

/** A hash of digits only, or digits with one e, would be a number in YAML. */
function quoteHash(hash: string): string {
  return `"${hash}"`;
}

export interface Judgement {
  /** The server would take the image. */
  readonly accepted: boolean;
  /** What it would say when not, and what would go wrong later when it does. */
  readonly problems: readonly string[];
  readonly metadata?: Partial<Record<string, unknown>>;
}

/** The digest of a file in hexadecimal digits; undefined where there is none. */
export type FileDigest = (path: string, algorithm: string) => string | undefined;

const MISSING = 'the server refuses it: "Missing metadata"';

/**
 * Judges as the original server does when an image is added, and as it does at boot. `digest` gives that of a file of the ISO.
 * Each rule was seen on the real server.
 */
export async function judgeMetadata(text: string | undefined, digest: FileDigest): Promise<Judgement> {
  if (text === undefined) return refuse(`iso-metadata.yaml is not there: ${MISSING}`);
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { version: '1.1' });
  const values = document.errors.length === 0 ? (document.toJS({ maxAliasCount: 10 }) as unknown) : undefined;
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    return refuse(`iso-metadata.yaml is not a YAML map: ${MISSING}`);
  }
  const map = values as Partial<Record<string, unknown>>;
  const problem = refusal(map, document, digest);
  if (problem !== undefined) return { accepted: false, problems: [problem], metadata: map };
  return { accepted: true, problems: warnings(map), metadata: map };
}

function refuse(problem: string): Judgement {
  return { accepted: false, problems: [problem] };
}

function refusal(map: Partial<Record<string, unknown>>, document: Document, digest: FileDigest): string | undefined {
  for (const key of ['iso_version', 'hash_description', 'kernel_hash', 'initrd_hash']) {
    if (map[key] === undefined || map[key] === null) return `${key} is not there: ${MISSING}`;
  }
  for (const key of ['kernel', 'initrd']) {
    if (typeof map[key] !== 'string')
      return `${key} is not there: the server refuses it: "no implicit conversion of nil into String"`;
  }
  const hash = map['hash_description'] as { type?: unknown; bitlen?: unknown } | null;
  if (hash?.type !== 'Digest::SHA2')
    return `the hash type ${JSON.stringify(hash?.type)} is not Digest::SHA2: the server fails on it`;
  const bits = hash.bitlen;
  if (bits !== 256 && bits !== 384 && bits !== 512)
    return `bitlen ${JSON.stringify(bits)} is not the number 256, 384 or 512: the server fails on it`;
  for (const part of ['kernel', 'initrd'] as const) {
    const path = map[part] as string;
    const real = digest(path, `sha${bits}`);
    if (real === undefined) return `${part} ${path} is not in the image: ${MISSING}`;
    const said = map[`${part}_hash`];
    if (said === real) continue;
    const why = String(said).toLowerCase() === real ? 'is in upper case' : `is not that of ${path} (${real})`;
    return `${part}_hash ${why}: ${MISSING}`;
  }
  const source = scalarSource(document, 'iso_build_time');
  if (source !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(source))
    return 'iso_build_time is a bare date: the server refuses it';
  return undefined;
}

/** The text of a plain (unquoted) scalar. */
function scalarSource(document: Document, key: string): string | undefined {
  const node = document.get(key, true) as { source?: unknown; type?: unknown } | undefined;
  return node?.type === 'PLAIN' && typeof node.source === 'string' ? node.source : undefined;
}

function warnings(map: Partial<Record<string, unknown>>): string[] {
  const version = map['iso_version'];
  const found: string[] = [];
  if (typeof version !== 'string') {
    found.push(`iso_version ${String(version)} is not quoted: the server takes the image, and then every boot fails`);
  } else if (
    !/^v?\d+(\.\d+)*(\+\d+)?(-.*)?$/.test(version) ||
    version
      .replace(/-.*$/, '')
      .split(/[.+]/)
      .some((part) => /^v?0\d/.test(part))
  ) {
    found.push(`iso_version ${version} cannot be compared: the server takes the image, and then every boot fails`);
  } else if (!/^v?\d+\.\d+\.\d+/.test(version)) {
    found.push(`iso_version ${version} has fewer than three parts: it loses against 0.12.0`);
  }
  if (map['iso_build_time'] === undefined) found.push('iso_build_time is not there: the server shows 1970');
  return found;
}
