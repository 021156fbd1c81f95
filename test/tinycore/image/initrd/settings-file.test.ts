import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { settingsFiles } from '../../../../tinycore/image/initrd/settings-file.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

test('the public half of a site key goes into the image with the setting for it, and the private one never', (t) => {
  const dir = temporaryDirectory(t);
  const file = (name: string, content: string | Buffer): string => {
    writeFileSync(join(dir, name), content);
    return join(dir, name);
  };
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  const common = { flavour: 'prod', version: '1.2.3', files: [] } as const;
  const siteKey = file('site.key.pub', pem);
  const entries = settingsFiles({ ...common, siteKey, allowDeploy: true, server: 'ironic' });
  const text = (path: string): string =>
    Buffer.from(entries.find((entry) => entry.path === path)?.data ?? []).toString('utf8');
  assert.equal(text('etc/razor-mk/site-key.pub'), pem);
  assert.match(text('etc/razor-mk/config.yaml'), /^allow_deploy: true$/m);
  assert.match(text('etc/razor-mk/config.yaml'), /^site_key: \/etc\/razor-mk\/site-key\.pub$/m);
  assert.deepEqual(settingsFiles(common), []);
  const refused = (path: string, words: RegExp): void =>
    assert.throws(() => settingsFiles({ ...common, siteKey: path }), { code: 'RAZOR_MK_USAGE', message: words });
  refused(file('site.key', privateKey.export({ type: 'pkcs8', format: 'pem' })), /it is the private one/);
  const { publicKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  refused(file('rsa.pub', rsa.export({ type: 'spki', format: 'pem' })), /it is rsa, not Ed25519/);
});
