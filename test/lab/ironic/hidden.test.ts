import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutSecrets } from '../../../lab/ironic/hidden.ts';
import { createExchanges } from '../../../lab/listeners/exchange-log.ts';

test('no key, token or password of a conductor’s request is kept, in headers, bodies or under other spellings', () => {
  const ring = createExchanges();
  const hidden = withoutSecrets(ring, () => ['node-key', '']);
  hidden.add(() => ({
    at: 0,
    listener: 'ironic',
    from: '127.0.0.1',
    method: 'POST',
    url: '/v1/nodes/n1/vendor_passthru/pass_deploy_info',
    requestHeaders: {
      'x-auth-token': 'header-token',
      authorization: 'Bearer bearer-token',
      'X-Auth-Token': ['again'],
      accept: '*/*',
    },
    requestBody: '{"key":"node-key","iqn":"iqn.2008-10.org.example:n1"}',
    status: 400,
    replyHeaders: {},
    replyBody: 'node-key does not match',
    durationMs: 1,
  }));
  const [kept] = ring.list();
  assert.equal(kept?.requestHeaders['accept'], '*/*');
  assert.match(kept.requestBody, /iqn\.2008-10/);
  assert.doesNotMatch(JSON.stringify(ring.list()), /header-token|bearer-token|again|node-key/);
});
