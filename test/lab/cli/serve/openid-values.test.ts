import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openIdOptions } from '../../../../lab/cli/serve/openid-values.ts';
import { resolveValues } from '../../../../lab/cli/serve/server-values.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const read = async (given: Record<string, unknown>) => await openIdOptions(await resolveValues(given, {}));
const GOOD = {
  'oidc-issuer': 'https://id.example/realm',
  'oidc-client': 'lab',
  'oidc-role': ['razor-admins=administer', 'cn=look,dc=example=look'],
};

test('the options of OpenID Connect come together, the secret from its file', async (t) => {
  assert.equal(await read({}), undefined);
  const path = join(temporaryDirectory(t), 'secret');
  writeFileSync(path, 'sesame\n');
  const options = await read({ ...GOOD, 'oidc-secret-file': path });
  assert.deepEqual(options, {
    issuer: 'https://id.example/realm',
    client: 'lab',
    secret: 'sesame',
    scope: 'openid profile email',
    rolesClaim: 'groups',
    roles: new Map([
      ['razor-admins', 'administer'],
      ['cn=look,dc=example', 'look'],
    ]),
  });
  assert.equal((await read({ ...GOOD, 'oidc-issuer': 'http://[::1]:9000' }))?.secret, undefined);
});

test('what does not go together or is not safe is refused, with what to write', async () => {
  for (const [given, message] of [
    [{ 'oidc-client': 'lab' }, /need --oidc-issuer/],
    [{ ...GOOD, 'oidc-client': undefined }, /needs --oidc-client/],
    [{ ...GOOD, 'oidc-role': undefined }, /needs --oidc-role/],
    [{ ...GOOD, 'oidc-issuer': 'http://id.example' }, /invalid issuer/],
    [{ ...GOOD, 'oidc-issuer': 'id.example' }, /invalid issuer/],
    [{ ...GOOD, 'oidc-issuer': 'https://id.example/.well-known/openid-configuration' }, /invalid issuer/],
    [{ ...GOOD, 'oidc-scope': 'profile' }, /has no openid/],
    [{ ...GOOD, 'oidc-role': ['admins=root'] }, /invalid role admins=root/],
    [{ ...GOOD, 'oidc-role': ['=look'] }, /invalid role/],
  ] as const)
    await assert.rejects(read(given), { code: 'RAZOR_MK_USAGE', message });
});
