/** The inventory of what is inside, as CycloneDX 1.6 JSON (ECMA-424). Same inputs, same bytes: no clock, no random id. */
import { createHash } from 'node:crypto';
import type { Part } from './licences.ts';

interface SbomOptions {
  readonly version: string;
  readonly commit: string;
  /** SHA-256 of the executable. */
  readonly sha256: string;
  readonly parts: readonly Part[];
  /** What Node embeds: process.versions. */
  readonly embedded: Readonly<Record<string, string | undefined>>;
}

interface Component {
  readonly type: string;
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly purl?: string;
  readonly hashes?: readonly { alg: string; content: string }[];
  readonly licenses?: readonly unknown[];
  readonly components?: readonly Component[];
}

/** The SBOM's text. */
export function sbom(options: SbomOptions): string {
  const main: Component = {
    type: 'application',
    'bom-ref': 'razor-mk',
    name: 'razor-mk',
    version: options.version,
    purl: `pkg:generic/razor-mk@${options.version}`,
    hashes: [{ alg: 'SHA-256', content: options.sha256 }],
    licenses: [{ license: { id: 'Apache-2.0' } }],
  };
  const components = options.parts.filter((part) => part.kind !== 'project').map((part) => component(part, options));
  const body = {
    metadata: {
      component: main,
      properties: [{ name: 'razor-mk:commit', value: options.commit }],
    },
    components,
    dependencies: [{ ref: 'razor-mk', dependsOn: components.map((each) => each['bom-ref']) }],
  };
  const head = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(body))}`,
    version: 1,
  };
  return `${JSON.stringify({ ...head, ...body }, undefined, 2)}\n`;
}

function component(part: Part, options: SbomOptions): Component {
  const purl = purlOf(part);
  const hash = part.integrity?.startsWith('sha512-') === true ? part.integrity.slice(7) : undefined;
  return {
    type: part.kind === 'runtime' ? 'platform' : part.kind === 'data' ? 'data' : 'library',
    'bom-ref': purl,
    name: part.name,
    version: part.version,
    purl,
    ...(hash === undefined
      ? {}
      : { hashes: [{ alg: 'SHA-512', content: Buffer.from(hash, 'base64').toString('hex') }] }),
    ...(part.licence === undefined ? {} : { licenses: [licence(part.licence)] }),
    ...(part.kind === 'runtime' ? { components: embedded(options.embedded) } : {}),
  };
}

/** One SPDX id, or an expression such as `(MIT OR CC0-1.0)`. */
function licence(spdx: string): unknown {
  return /^[\w.+-]+$/.test(spdx) ? { license: { id: spdx } } : { expression: spdx };
}

function purlOf(part: Part): string {
  if (part.kind === 'debian') return `pkg:deb/debian/${part.name}@${part.version}?arch=${part.debianArch ?? 'all'}`;
  if (part.kind === 'data') return `pkg:generic/${part.name}@${part.version}`;
  return `pkg:npm/${part.name.replace('@', '%40')}@${part.version}`;
}

/** V8, OpenSSL, ICU and the rest that is compiled into Node. */
function embedded(versions: SbomOptions['embedded']): Component[] {
  return Object.entries(versions)
    .filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !['node', 'modules', 'napi'].includes(entry[0]),
    )
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, version]) => ({ type: 'library', 'bom-ref': `node/${name}@${version}`, name, version }));
}

/** A version 8 UUID (RFC 9562) made of the content's hash. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
