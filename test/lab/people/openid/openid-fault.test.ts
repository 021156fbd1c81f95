import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openIdFaultOf, OpenIdFault } from '../../../../lab/people/openid/openid-fault.ts';

const ISSUER = 'https://id.example';
const like = (message: string, more: object): Error => Object.assign(new Error(message), more);

test('a refusal, an answer that cannot be trusted and a provider that is down are told apart', () => {
  const refused = like('authorization failed', {
    name: 'AuthorizationResponseError',
    error: 'access_denied',
    error_description: 'closed',
  });
  const untrusted = like('unexpected "aud"', { name: 'ClientError', code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED' });
  const down = new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED 127.0.0.1:1') });
  for (const [error, status, words] of [
    [refused, 401, /refused the login: access_denied: closed\.$/],
    [untrusted, 401, /answered is not accepted: unexpected "aud"\.$/],
    [down, 502, /does not answer as it should: fetch failed: connect ECONNREFUSED 127\.0\.0\.1:1\.$/],
    ['a text', 502, /a text/],
  ] as const) {
    const fault = openIdFaultOf(error, ISSUER);
    assert.equal(fault.status, status, fault.message);
    assert.match(fault.message, words);
    assert.ok(fault.message.includes(ISSUER));
  }
  const own = new OpenIdFault(403, 'no role');
  assert.equal(openIdFaultOf(own, ISSUER), own);
});
