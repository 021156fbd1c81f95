/** Foreman's own certificate is rarely one of a public authority: checked, named, pinned, or left unchecked by a word for it. */
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { resolveAgentSettings } from '../../../../agent/config/resolve.ts';
import { parseCommandLine } from '../../../../platform/kernel-line.ts';
import { openHttp } from '../../../../agent/http/tls/trust.ts';
import { selfSigned } from '../../../../agent/http/tls/self-signed.ts';
import { messageOf } from '../../../../platform/errors/errors.ts';
import { startForeman, type ForemanStandIn } from '../../../helpers/foreman/server.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const dir = temporaryDirectory();
const tls = selfSigned({ address: '127.0.0.1', days: 1, now: new Date() });
const fingerprint = createHash('sha256').update(new X509Certificate(tls.cert).raw).digest('hex');
let foreman: ForemanStandIn;
before(async () => {
  foreman = await startForeman({ tls });
  writeFileSync(join(dir, 'ca.pem'), tls.cert);
});
after(() => foreman.close());

/** Status of a POST to the stand-in with these words on the kernel line, or why there was none. */
async function post(line: string): Promise<number | string> {
  const { values } = resolveAgentSettings({ cmdline: parseCommandLine(line) });
  const server = { url: foreman.url, source: 'test', given: true };
  const http = await openHttp({
    settings: values,
    server,
    environment: {},
    userAgent: 'razor-mk',
    insecure: values.insecure,
  });
  const url = `${foreman.url}/api/v2/discovered_hosts/facts`;
  return await http.request({ method: 'POST', url, body: '{}' }).then(({ status }) => status, messageOf);
}

test('a certificate that nobody vouches for is not believed, and not a fact is sent', async () => {
  assert.match(String(await post('')), /self-signed/);
  assert.equal(foreman.uploads.length, 0);
});

test('it is believed where its authority is named, or where it is pinned', async () => {
  assert.equal(await post(`razor.ca_file=${join(dir, 'ca.pem')}`), 422);
  assert.equal(await post(`razor.pin=${fingerprint}`), 422);
});

test('razor.insecure=on believes any, but never another one than the pinned', async () => {
  const before = foreman.uploads.length;
  assert.equal(await post('razor.insecure=on'), 422);
  assert.match(String(await post(`razor.insecure=on razor.pin=${'0'.repeat(64)}`)), /not pinned/);
  assert.equal(foreman.uploads.length, before + 1);
});
