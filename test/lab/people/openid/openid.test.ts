import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOpenId, personOf } from '../../../../lab/people/openid/openid.ts';

const ROLES = new Map([
  ['razor-look', 'look'],
  ['razor-admins', 'administer'],
] as const);
const OPTIONS = { rolesClaim: 'groups', roles: ROLES };

test('the role is the highest of those that the claim gives, as a list or as one word; a name cannot be an operator’s', () => {
  const claims = { sub: 's-1', preferred_username: 'ada', groups: ['razor-look', 7, 'razor-admins', 'x'] };
  assert.deepEqual(personOf(claims, OPTIONS), { name: 'oidc:ada', role: 'administer' });
  const one = { sub: 's-2', email: 'luk@example.org', groups: 'razor-look' };
  assert.deepEqual(personOf(one, OPTIONS), { name: 'oidc:luk@example.org', role: 'look' });
  const hidden = { sub: 's-3', preferred_username: 'a\nb', email: 7, groups: ['razor-look'] };
  assert.equal(personOf(hidden, OPTIONS).name, 'oidc:s-3');
});

test('without a role that the lab knows nobody comes in, and is told what the claim has', () => {
  for (const [groups, words] of [
    [undefined, /there is no such claim/],
    [['administer', 'RAZOR-LOOK'], /it has \["administer","RAZOR-LOOK"\]/],
    [{ 'razor-look': true }, /it has/],
    ['razor-look razor-admins', /it has/],
  ] as const)
    assert.throws(() => personOf({ sub: 's', groups }, OPTIONS), { status: 403, message: words });
});

test('what a browser brings back is looked at before the provider is asked', async () => {
  const issuer = 'https://id.invalid/realm';
  const openId = createOpenId({ ...OPTIONS, issuer, client: 'lab', secret: undefined, scope: 'openid' });
  assert.equal(openId.label, 'id.invalid');
  const url = new URL('https://lab.example/login/openid/callback?code=x&state=y');
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const long = { state: 'x'.repeat(101), nonce: 'n', verifier: 'v' };
  for (const pending of [undefined, '', '%%%', encode(null), encode({ state: 's', nonce: 'n' }), encode(long)])
    await assert.rejects(openId.finish(url, pending), { status: 401, message: /This login is over/ });
});
