/** Logins by OpenID Connect, with a provider in a process of its own. */
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { OpenIdOptions } from '../../../../lab/lab-settings.ts';
import { startLab, type Lab } from '../../../../lab/lab-server.ts';
import { browse, startOpenIdProvider, type Cookies, type OpenIdProvider } from '../../../helpers/openid-provider.ts';
import { ask, bearer, cookieOf, json, logIn, PORTS } from '../../people/ask.ts';

let provider: OpenIdProvider;
before(async () => {
  provider = await startOpenIdProvider();
});
after(() => provider.stop());

const ROLES = new Map([
  ['razor-look', 'look'],
  ['razor-operate', 'operate'],
] as const);

async function labWith(t: TestContext, more: Partial<OpenIdOptions> = {}): Promise<{ lab: Lab; said: string[] }> {
  const said: string[] = [];
  const openId = { issuer: provider.issuer, client: 'lab', secret: 'sesame', scope: 'openid profile groups' };
  const lab = await startLab({
    ports: PORTS,
    people: { token: 'the-token', openId: { ...openId, rolesClaim: 'groups', roles: ROLES, ...more } },
    onEvent: ({ message }) => void said.push(message),
  });
  t.after(() => lab.close());
  return { lab, said };
}

/** One login from the button to the end; the status and the text of the last page. */
async function through(lab: Lab, cookies: Cookies = new Map()): Promise<{ status: number; text: string; at: string }> {
  const { reply, visited } = await browse(`${lab.peopleUrl}/login/openid?next=/log`, cookies);
  return { status: reply.status, text: await reply.text(), at: visited.at(-1) ?? '' };
}

const pageOf = (cookies: Cookies): Record<string, string> => ({
  cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
});

for (const client of ['lab', 'public']) {
  test(`somebody logs in at the provider, may what his group may, and logs out (client ${client})`, async (t) => {
    const { lab } = await labWith(t, { client, secret: client === 'lab' ? 'sesame' : undefined });
    await provider.set({ account: 'ada', groups: ['staff', 'razor-look', 'razor-operate'] });
    const form = await ask(lab, '/login?next=/log');
    assert.match(
      await form.text(),
      new RegExp(`/login/openid\\?next=%2Flog">Log in with ${new URL(provider.issuer).host}`),
    );
    const cookies: Cookies = new Map();
    const { reply, visited } = await browse(`${lab.peopleUrl}/login/openid?next=/log`, cookies);
    assert.equal(reply.status, 200);
    assert.equal(reply.headers.get('refresh'), '0; url=/log');
    const sent = new URL(visited[1] ?? '').searchParams;
    assert.equal(sent.get('code_challenge_method'), 'S256');
    assert.ok(sent.get('state') !== null && sent.get('nonce') !== null);
    const [session = ''] = reply.headers.getSetCookie().filter((line) => line.startsWith('razor-mk-session'));
    assert.match(session, /HttpOnly; SameSite=Strict/);
    assert.ok(!cookies.has('razor-mk-openid'), 'what the login needed is gone');
    const headers = pageOf(cookies);
    const page = await (await ask(lab, '/log', { headers })).text();
    assert.match(page, /oidc:ada/);
    const refused = await ask(lab, '/api/tags', { body: { name: 'x', tag: 'x' }, headers });
    assert.equal(refused.status, 403);
    assert.match(String((await json(refused))['error']), /oidc:ada may operate only/);
    const lines = lab.store.people.audit.list(9);
    assert.ok(lines.some(({ who, action }) => who === 'oidc:ada' && action === 'GET /login/openid/callback'));
    assert.ok(lines.every(({ action }) => !action.includes('code=')));
    const [, token = ''] = /name="form_token" value="([^"]+)"/.exec(page) ?? [];
    const out = await fetch(`${lab.peopleUrl}/logout`, {
      method: 'POST',
      redirect: 'manual',
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ form_token: token }).toString(),
    });
    assert.equal(out.status, 303);
    assert.equal((await ask(lab, '/log', { headers })).status, 401, 'the session has ended');
  });
}

test('nobody without a role comes in, nor anybody whom the provider refuses', async (t) => {
  const { lab, said } = await labWith(t);
  await provider.set({ account: 'eve', groups: ['staff'] });
  const cookies: Cookies = new Map();
  const none = await through(lab, cookies);
  assert.equal(none.status, 403);
  assert.match(none.text, /eve has no role here: none of claim groups is known .*staff/s);
  assert.ok(!cookies.has('razor-mk-session'));
  assert.match(said.at(-1) ?? '', /login by OpenID Connect: eve has no role here/);
  await provider.set({ groups: [] });
  const closed = await through(lab);
  assert.equal(closed.status, 401);
  assert.match(closed.text, /refused the login: access_denied: the account is closed/);
  assert.equal(lab.store.people.credentials.list().length, 0);
});

test('an ID token for somebody else, of somebody else, too old, of another login or with another key is refused', async (t) => {
  const { lab } = await labWith(t);
  const good = { account: 'ada', groups: ['razor-look'] };
  const past = Math.floor(Date.now() / 1000) - 3600;
  for (const spoilt of [
    { claims: { aud: 'another-client' } },
    { claims: { iss: 'http://127.0.0.1:1' } },
    { claims: { exp: past, iat: past - 60 } },
    { claims: { nonce: 'of-another-login' } },
    { otherKey: true },
  ]) {
    await provider.set({ ...good, ...spoilt });
    const cookies: Cookies = new Map();
    const { status, text } = await through(lab, cookies);
    assert.equal(status, 401, `${JSON.stringify(spoilt)} ${text}`);
    assert.match(text, /answered is not accepted: /);
    assert.ok(!cookies.has('razor-mk-session'), JSON.stringify(spoilt));
  }
  await provider.set({ ...good, claims: { iat: past + 3600 } });
  assert.equal((await through(lab)).status, 200, 'what is signed again as it was is taken');
});

test('a way back that was used, was changed, or began in another browser leads nowhere', async (t) => {
  const { lab } = await labWith(t);
  await provider.set({ account: 'ada', groups: ['razor-look'] });
  const cookies: Cookies = new Map();
  const begun = await fetch(`${lab.peopleUrl}/login/openid`, { redirect: 'manual' });
  const pending = cookieOf(begun);
  cookies.set('razor-mk-openid', pending.split('=')[1] ?? '');
  const first = await browse(begun.headers.get('location') ?? '', cookies);
  assert.equal(first.reply.status, 200);
  const back = first.visited.at(-1) ?? '';
  const again = async (url: string, cookie?: string): Promise<string> => {
    const reply = await fetch(url, { headers: cookie === undefined ? {} : { cookie } });
    assert.equal(reply.status, 401);
    assert.equal(reply.headers.getSetCookie().filter((line) => line.startsWith('razor-mk-session')).length, 0);
    return await reply.text();
  };
  assert.match(await again(back), /This login is over/);
  assert.match(await again(back, 'razor-mk-openid=rubbish'), /This login is over/);
  assert.match(await again(back, pending), /invalid_grant/, 'the provider takes a code once');
  const changed = new URL(back);
  changed.searchParams.set('state', 'another');
  assert.match(await again(changed.href, pending), /is not accepted/);
  const next = await browse(`${lab.peopleUrl}/login/openid?next=//evil.example/`, new Map());
  assert.equal(next.reply.headers.get('refresh'), '0; url=/', 'it leads nowhere else');
});

test('an issuer that calls itself otherwise is refused, and a lab whose provider is down says so and goes on', async (t) => {
  const named = await labWith(t, { issuer: provider.issuer.replace('127.0.0.1', 'localhost') });
  const other = await through(named.lab);
  assert.equal(other.status, 401);
  assert.match(other.text, /answered is not accepted: .*issuer/);
  const mine = await startOpenIdProvider();
  t.after(() => mine.stop());
  await mine.stop();
  const { lab, said } = await labWith(t, { issuer: mine.issuer });
  const down = await through(lab);
  assert.equal(down.status, 502);
  assert.match(down.text, /does not answer as it should: .*ECONNREFUSED/);
  assert.match(said.at(-1) ?? '', /ECONNREFUSED/);
  assert.equal((await ask(lab, '/api/status', { headers: bearer('the-token') })).status, 200);
  assert.equal((await logIn(lab, 'me', 'the-token')).status, 303);
});

test('a session ends with its provider, and a lab with one is open to nobody', async (t) => {
  const { lab } = await labWith(t);
  await provider.set({ account: 'ada', groups: ['razor-look'] });
  const cookies: Cookies = new Map();
  await through(lab, cookies);
  const [session] = lab.store.people.credentials.list();
  assert.ok(session);
  const { lab: second } = await labWith(t, { client: 'public', secret: undefined });
  await second.store.write(() => second.store.people.credentials.add(session));
  assert.equal((await ask(second, '/api/status', { headers: pageOf(cookies) })).status, 401, 'of another client');
  const open = await startLab({ ports: PORTS, people: { openId: lab.core.settings.people.openId } });
  t.after(() => open.close());
  assert.equal((await ask(open, '/api/status')).status, 401);
});
