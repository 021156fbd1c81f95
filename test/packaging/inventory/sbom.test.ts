import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Part } from '../../../packaging/inventory/licences.ts';
import { sbom } from '../../../packaging/inventory/sbom.ts';

const part = (name: string, more: Partial<Part> = {}): Part => ({
  kind: 'npm',
  name,
  version: '1.0.0',
  licence: 'MIT',
  text: '',
  ...more,
});

interface Document {
  readonly serialNumber: string;
  readonly metadata: { readonly component: Record<string, unknown>; readonly properties: unknown };
  readonly components: readonly (Record<string, unknown> & {
    readonly name: string;
    readonly components?: { name: string }[];
  })[];
  readonly dependencies: unknown;
}

function document(parts: readonly Part[], commit = 'abc', embedded: Record<string, string | undefined> = {}): Document {
  return JSON.parse(sbom({ version: '1.2.3', commit, sha256: 'f'.repeat(64), parts, embedded })) as Document;
}

describe('the inventory', () => {
  it('says what it is of, and depends on each part but the project itself', () => {
    const { metadata, components, dependencies } = document([
      part('razor-mk', { kind: 'project' }),
      part('yargs'),
      part('@x/y'),
    ]);
    assert.deepEqual(metadata.component, {
      type: 'application',
      'bom-ref': 'razor-mk',
      name: 'razor-mk',
      version: '1.2.3',
      purl: 'pkg:generic/razor-mk@1.2.3',
      hashes: [{ alg: 'SHA-256', content: 'f'.repeat(64) }],
      licenses: [{ license: { id: 'Apache-2.0' } }],
    });
    assert.deepEqual(metadata.properties, [{ name: 'razor-mk:commit', value: 'abc' }]);
    assert.deepEqual(
      components.map(({ name }) => name),
      ['yargs', '@x/y'],
    );
    const dependsOn = ['pkg:npm/yargs@1.0.0', 'pkg:npm/%40x/y@1.0.0'];
    assert.deepEqual(dependencies, [{ ref: 'razor-mk', dependsOn }]);
  });

  it('names each part by where it comes from', () => {
    const { components } = document([
      part('libc6', { kind: 'debian', debianArch: 'amd64' }),
      part('ca-certificates', { kind: 'debian' }),
      part('pci.ids', { kind: 'data' }),
      part('node', { kind: 'runtime' }),
      part('a'),
    ]);
    assert.deepEqual(
      components.map(({ type, purl }) => [type, purl]),
      [
        ['library', 'pkg:deb/debian/libc6@1.0.0?arch=amd64'],
        ['library', 'pkg:deb/debian/ca-certificates@1.0.0?arch=all'],
        ['data', 'pkg:generic/pci.ids@1.0.0'],
        ['platform', 'pkg:npm/node@1.0.0'],
        ['library', 'pkg:npm/a@1.0.0'],
      ],
    );
  });

  it('has npm’s SHA-512 in hexadecimal, and none where npm says another one or nothing', () => {
    const integrity = `sha512-${Buffer.alloc(64, 1).toString('base64')}`;
    const [whole, other, none] = document([
      part('a', { integrity }),
      part('b', { integrity: 'sha1-AAAA' }),
      part('c'),
    ]).components;
    assert.deepEqual(whole?.['hashes'], [{ alg: 'SHA-512', content: '01'.repeat(64) }]);
    for (const each of [other, none]) assert.equal(Object.hasOwn(each ?? {}, 'hashes'), false);
  });

  it('has a licence as an id or an expression, and none where only the text says', () => {
    const [id, expression, none] = document([
      part('a', { licence: 'BSD-3-Clause' }),
      part('b', { licence: '(MIT OR CC0-1.0)' }),
      part('c', { licence: undefined }),
    ]).components;
    assert.deepEqual(id?.['licenses'], [{ license: { id: 'BSD-3-Clause' } }]);
    assert.deepEqual(expression?.['licenses'], [{ expression: '(MIT OR CC0-1.0)' }]);
    assert.equal(Object.hasOwn(none ?? {}, 'licenses'), false);
  });

  it('lists what is compiled into Node below Node, in order, without Node’s own numbers', () => {
    const embedded = { zlib: '1', node: '24', modules: '137', napi: '10', ares: '2', v8: '3', gone: undefined };
    const [library, node] = document([part('a'), part('node', { kind: 'runtime' })], 'abc', embedded).components;
    assert.equal(library?.components, undefined);
    assert.deepEqual(node?.components?.[0], {
      type: 'library',
      'bom-ref': 'node/ares@2',
      name: 'ares',
      version: '2',
    });
    assert.deepEqual(
      node.components.map(({ name }) => name),
      ['ares', 'v8', 'zlib'],
    );
  });

  it('has a serial number of its content: a UUID of version 8', () => {
    const first = document([part('a')]).serialNumber;
    assert.match(first, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal(document([part('a')]).serialNumber, first);
    assert.notEqual(document([part('a')], 'abd').serialNumber, first);
  });
});
