import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foreignKind, remedyOfKind } from '../../../agent/disk-image/image-kind.ts';
import { gptImage, mbrImage } from './tables/tables.ts';

test('the start of a disk is nothing foreign, and a short file is looked at as far as it goes', () => {
  assert.equal(foreignKind(mbrImage(4096), true), undefined);
  assert.equal(foreignKind(gptImage(8192, []), true), undefined);
  assert.equal(foreignKind(Buffer.alloc(0), false), undefined);
  assert.equal(foreignKind(Buffer.from('BZh boots'), false), undefined);
});

test('errors of a server that were kept for an image are known by their text', () => {
  assert.equal(foreignKind(Buffer.from('<html><body>404'), false), 'an HTML page');
  assert.equal(foreignKind(Buffer.from('\ufeff<?xml version="1.0"?><Error>'), false), 'an XML document');
  assert.equal(foreignKind(Buffer.from('{"error": "gone"}'), false), 'a JSON document');
});

test('each kind of file has a remedy of its own', () => {
  const remedies: readonly (readonly [start: string, remedy: RegExp])[] = [
    ['<html>', /^Open the URL/],
    ['[{"a":1}]', /^Open the URL/],
    ['\x1f\x8b\x08', /^Unpack it/],
    ['PK\x03\x04', /^Unpack it/],
    ['KDMV', /qemu-img convert/],
    ['LUKS\xba\xbe', /decrypted/],
  ];
  for (const [start, remedy] of remedies) {
    assert.match(remedyOfKind(foreignKind(Buffer.from(start, 'latin1'), false) ?? ''), remedy, start);
  }
});
