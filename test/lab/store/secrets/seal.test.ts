import assert from 'node:assert/strict';
import { createDecipheriv } from 'node:crypto';
import { test } from 'node:test';
import { keyIdOf, keyOf, newKey, openSealed, sealText } from '../../../../lab/store/secrets/seal.ts';

test('a sealed text is opened with its key at its place, and differs each time', () => {
  const key = newKey();
  for (const text of ['', 'sesame', 'ß\0\u{1f600}', 'x'.repeat(100_000)]) {
    const [one, two] = [sealText(text, 'a', key), sealText(text, 'a', key)];
    assert.equal(openSealed(one, 'a', key), text);
    assert.notEqual(one, two);
    assert.equal(keyIdOf(one), key.id);
  }
});

test('another key, another place and a changed value are refused', () => {
  const key = newKey();
  const sealed = sealText('sesame', 'model.metadata:A', key);
  assert.throws(() => openSealed(sealed, 'model.metadata:B', key));
  assert.throws(() => openSealed(sealed, 'model.metadata:A', newKey()));
  const data = Buffer.from(sealed.split('.')[2] ?? '', 'base64url');
  for (let i = 0; i < data.length; i++) {
    const changed = Buffer.from(data);
    changed[i] = (changed[i] ?? 0) ^ 1;
    assert.throws(() => openSealed(`rmk1.${key.id}.${changed.toString('base64url')}`, 'model.metadata:A', key), `${i}`);
  }
  const short = data.subarray(0, 20).toString('base64url');
  assert.throws(() => openSealed(`rmk1.${key.id}.${short}`, 'model.metadata:A', key), /it is cut/);
});

test('the form is AES-256-GCM: nonce of 12 bytes, text, tag of 16 bytes', () => {
  const key = keyOf(Buffer.alloc(32, 7));
  assert.equal(keyOf(Buffer.alloc(32, 7)).id, key.id, 'the name follows from the key');
  const data = Buffer.from(sealText('sesame', 'p', key).split('.')[2] ?? '', 'base64url');
  assert.equal(data.length, 12 + 6 + 16);
  const cipher = createDecipheriv('aes-256-gcm', key.bytes, data.subarray(0, 12));
  cipher.setAAD(Buffer.from('p')).setAuthTag(data.subarray(-16));
  assert.equal(cipher.update(data.subarray(12, -16), undefined, 'utf8') + cipher.final('utf8'), 'sesame');
});

test('a text that is not sealed names no key', () => {
  for (const text of ['sesame', 'rmk1.', 'rmk1.0123456789ab.', 'rmk2.0123456789ab.AAAA', '']) {
    assert.equal(keyIdOf(text), undefined, text);
  }
});
