import assert from 'node:assert/strict';
import { get } from 'node:http';
import { join } from 'node:path';
import { before, after, describe, it, test } from 'node:test';
import { startLab, type Lab } from '../../../lab/lab-server.ts';
import { hashPassword, isPassword } from '../../../lab/people/secrets.ts';
import { ask, bearer, cookieOf, json, logIn, PORTS, type Asked } from './ask.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

describe('a lab with operators', () => {
  let lab: Lab;
  const passwords = new Map<string, string>();
  const tokens = new Map<string, string>();
  before(async () => {
    lab = await startLab({ ports: PORTS });
    assert.equal((await json(await ask(lab, '/api/status')))['access'], 'open');
    const early = await ask(lab, '/api/operators', { body: { name: 'ann', role: 'look', password: true } });
    assert.equal(early.status, 409, 'the first one administers');
    let headers: Record<string, string> = {};
    for (const [name, role] of [
      ['ada', 'administer'],
      ['olga', 'operate'],
      ['luk', 'look'],
    ] as const) {
      const made = await ask(lab, '/api/operators', { body: { name, role, password: true }, headers });
      assert.equal(made.status, 201);
      passwords.set(name, String((await json(made))['password']));
      if (name === 'ada') headers = { cookie: cookieOf(await logIn(lab, 'ada', passwords.get('ada') ?? '')) };
      const token = await ask(lab, `/api/operators/${name}/tokens`, { body: { label: 'test' }, headers });
      tokens.set(name, String((await json(token))['token']));
    }
  });
  after(() => lab.close());

  it('lets nobody unknown see or do anything: API, page, live log, own files, copies; only the login is open', async () => {
    for (const path of ['/api/status', '/api/nodes', '/api/events', '/api/operators', '/api/audit', '/api/nothing'])
      assert.equal((await ask(lab, path)).status, 401, path);
    for (const path of ['/log/stream', '/requests', '/audit', '/nodes/x']) {
      assert.equal((await ask(lab, path)).status, 401, path);
      const browser = await ask(lab, path, { headers: { accept: 'text/html' } });
      assert.equal(browser.status, 303);
      assert.equal(browser.headers.get('location'), `/login?next=${encodeURIComponent(path)}`);
    }
    for (const [path, body] of [
      ['/api/tags', { name: 'a', tag: 'a' }],
      ['/api/backup', { path: '/nowhere' }],
      ['/api/restore', { path: '/nowhere' }],
      ['/api/operators', { name: 'eve', role: 'administer', password: true }],
    ] as const)
      assert.equal((await ask(lab, path, { body })).status, 401, path);
    assert.equal((await ask(lab, '/login')).status, 200);
    assert.equal((await ask(lab, '/assets/page.css')).status, 200);
    for (const wrong of ['x', 'rmk_x', lab.store.people.credentials.list()[0]?.hash ?? ''])
      assert.equal((await ask(lab, '/api/status', { headers: bearer(wrong) })).status, 401);
    assert.equal(lab.store.people.operators.list().length, 3);
  });

  it('gives each role what it needs and refuses the rest with the role that would do', async () => {
    const status = async (who: string, path: string, more: Asked = {}): Promise<number> =>
      (await ask(lab, path, { ...more, headers: bearer(tokens.get(who) ?? '') })).status;
    await lab.store.write(() => {
      lab.store.nodes.create({ dialect: 'razor', hwIds: ['525400000001'], at: 1, allowed: false });
      lab.store.models.add({ label: 'm', template: 'debian', image: undefined, metadata: { root_password: 'sesame' } });
    });
    const allow = { method: 'PATCH', body: { allowed: true } };
    for (const [path, more, look, operate, administer] of [
      ['/api/nodes', {}, 200, 200, 200],
      ['/log', {}, 200, 200, 200],
      ['/api/nodes/525400000001', allow, 403, 200, 200],
      ['/api/models/m/preview', {}, 403, 200, 200],
      ['/requests', {}, 403, 200, 200],
      ['/api/tags', { body: { name: 'x', tag: 'x' } }, 403, 403, 201],
      ['/api/backup', { body: { path: 'x' } }, 403, 403, 422],
      ['/api/secrets/rotate', { method: 'POST' }, 403, 403, 200],
      ['/api/operators', {}, 403, 403, 200],
      ['/api/audit', {}, 403, 403, 200],
      ['/audit', {}, 403, 403, 200],
    ] as const) {
      const all = [await status('luk', path, more), await status('olga', path, more), await status('ada', path, more)];
      assert.deepEqual(all, [look, operate, administer], path);
    }
    const refused = await json(await ask(lab, '/requests', { headers: bearer(tokens.get('luk') ?? '') }));
    assert.equal(refused['error'], 'luk may look only, and this needs the role operate');
    const model = await ask(lab, '/api/models/m', { headers: bearer(tokens.get('luk') ?? '') });
    assert.doesNotMatch(await model.text(), /sesame/, 'who looks sees no password of new systems');
  });

  it('opens a session by name and password, which no script reads and no other site makes a browser send', async () => {
    const opened = await logIn(lab, 'luk', passwords.get('luk') ?? '');
    assert.equal(opened.status, 303);
    assert.equal(opened.headers.get('location'), '/log');
    assert.match(
      opened.headers.get('set-cookie') ?? '',
      /^razor-mk-session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/,
    );
    const cookie = cookieOf(opened);
    const page = await (await ask(lab, '/', { headers: { cookie } })).text();
    assert.match(page, /luk, may look/);
    assert.doesNotMatch(page, /href="\/requests"/, 'no way to what the role may not');
    const form = /name="form_token" value="([\w-]+)"/.exec(page)?.[1] ?? '';
    const logOut = (token: string, more: Record<string, string> = {}): Promise<Response> =>
      fetch(`${lab.peopleUrl}/logout`, {
        method: 'POST',
        redirect: 'manual',
        headers: { cookie, 'content-type': 'application/x-www-form-urlencoded', ...more },
        body: `form_token=${token}`,
      });
    assert.equal((await logOut('x')).status, 403, 'without the token of the form');
    for (const site of ['cross-site', 'same-site'])
      assert.equal((await logOut(form, { 'sec-fetch-site': site })).status, 403, site);
    assert.equal((await logOut(form, { origin: 'http://evil.example' })).status, 403);
    assert.equal((await logOut(form, { origin: 'null' })).status, 403);
    assert.equal((await ask(lab, '/api/nodes', { headers: { cookie, 'sec-fetch-site': 'cross-site' } })).status, 403);
    assert.equal((await ask(lab, '/api/nodes', { headers: { cookie } })).status, 200, 'still logged in');
    assert.equal((await logOut(form, { origin: lab.peopleUrl, 'sec-fetch-site': 'same-origin' })).status, 303);
    assert.equal(
      (await ask(lab, '/api/nodes', { headers: { cookie } })).status,
      401,
      'the session is over, not the cookie',
    );
  });

  it('leads nowhere else after a login', async () => {
    for (const next of ['//evil.example', 'https://evil.example', '/\\evil.example', 'log', '/a b']) {
      const reply = await ask(lab, `/login?next=${encodeURIComponent(next)}`);
      assert.match(await reply.text(), /name="next" value="\/"/, next);
    }
  });

  it('writes down who changed what, and what was refused; without secrets', async () => {
    await ask(lab, '/api/operators/luk', {
      method: 'PATCH',
      body: { password: 'a password of luk' },
      headers: bearer(tokens.get('ada') ?? ''),
    });
    assert.equal((await logIn(lab, 'luk', 'wrong')).status, 401);
    const reply = await ask(lab, '/api/audit?limit=500', { headers: bearer(tokens.get('ada') ?? '') });
    const lines = (await reply.json()) as unknown as Record<string, unknown>[];
    const brief = lines.map(({ who, action, status }) => `${String(who)} ${String(action)} ${String(status)}`);
    for (const line of [
      'luk POST /login 401',
      'ada PATCH /api/operators/luk 200',
      'luk PATCH /api/nodes/525400000001 403',
      'olga PATCH /api/nodes/525400000001 200',
      'ada POST /api/tags 201',
      'anybody POST /api/operators 201',
    ])
      assert.ok(brief.includes(line), line);
    assert.deepEqual(lines.find(({ action }) => action === 'POST /api/tags')?.['details'], '{"name":"x","tag":"x"}');
    assert.doesNotMatch(JSON.stringify(lines), /a password of luk/);
    const text = JSON.stringify([...lab.store.people.operators.list(), ...lab.store.people.credentials.list()]);
    for (const secret of [...passwords.values(), ...tokens.values()]) assert.ok(!text.includes(secret), 'only hashes');
    const page = await ask(lab, '/audit?who=ada', { headers: bearer(tokens.get('ada') ?? '') });
    const shown = await page.text();
    assert.match(shown, /PATCH \/api\/operators\/luk/);
    assert.doesNotMatch(shown, /who=olga/);
  });

  it('ends a token that was revoked, and everything of an operator who was removed; not the last one who administers', async () => {
    const ada = bearer(tokens.get('ada') ?? '');
    const session = cookieOf(await logIn(lab, 'olga', passwords.get('olga') ?? ''));
    const stream = await ask(lab, '/log/stream', { headers: { cookie: session } });
    assert.equal(stream.status, 200);
    assert.equal((await ask(lab, '/api/operators/olga/tokens/test', { method: 'DELETE', headers: ada })).status, 200);
    assert.equal((await ask(lab, '/api/nodes', { headers: bearer(tokens.get('olga') ?? '') })).status, 401);
    assert.equal((await ask(lab, '/api/operators/olga', { method: 'DELETE', headers: ada })).status, 200);
    assert.equal((await ask(lab, '/api/nodes', { headers: { cookie: session } })).status, 401);
    const text = await stream.text();
    assert.doesNotMatch(text, /olga removed/, 'the open live log ends with the next event, unread');
    for (const [method, body] of [
      ['DELETE', undefined],
      ['PATCH', { role: 'look' }],
    ] as const) {
      const refused = await ask(lab, '/api/operators/ada', { method, body, headers: ada });
      assert.equal(refused.status, 409);
    }
  });
});

test('a token and a session end in time, and a session of the lab’s token with that token', async (t) => {
  const db = join(temporaryDirectory(t), 'lab.db');
  let now = Date.parse('2026-01-01T00:00:00Z');
  const clock = { wall: () => new Date(now), now: () => now, sleep: () => new Promise<never>(() => undefined) };
  const open = (token: string): Promise<Lab> =>
    startLab({ ports: PORTS, db, people: { token }, clock: clock as never, timing: { nodeExpireMs: 0 } });
  const lab = await open('sesame');
  t.after(() => lab.close());
  const made = await ask(lab, '/api/operators', { body: { name: 'ci', role: 'look' }, headers: bearer('sesame') });
  assert.equal(made.status, 201);
  const token = await json(
    await ask(lab, '/api/operators/ci/tokens', { body: { label: 'a', days: 1 }, headers: bearer('sesame') }),
  );
  const cookie = cookieOf(await logIn(lab, 'me', 'sesame'));
  const both = async (at: Lab): Promise<readonly number[]> => [
    (await ask(at, '/api/status', { headers: bearer(String(token['token'])) })).status,
    (await ask(at, '/api/status', { headers: { cookie } })).status,
  ];
  assert.deepEqual(await both(lab), [200, 200]);
  assert.equal((await logIn(lab, 'ci', '')).status, 401, 'an operator without a password cannot log in');
  now += 13 * 3600_000;
  assert.deepEqual(await both(lab), [200, 401]);
  now += 12 * 3600_000;
  assert.deepEqual(await both(lab), [401, 401]);
  const again = cookieOf(await logIn(lab, 'me', 'sesame'));
  assert.equal((await ask(lab, '/api/status', { headers: { cookie: again } })).status, 200);
  await lab.close();
  const other = await open('another');
  t.after(() => other.close());
  assert.equal((await ask(other, '/api/status', { headers: { cookie: again } })).status, 401);
});

test('a lab that is reached from elsewhere is never open, and answers to its own names alone', async (t) => {
  const db = join(temporaryDirectory(t), 'lab.db');
  const people = { host: '0.0.0.0', names: ['lab.example'] };
  await assert.rejects(startLab({ ports: PORTS, db, people }), {
    code: 'RAZOR_MK_LAB_NO_TOKEN',
    remedy: /operator add/,
  });
  const spare = await startLab({ ports: PORTS, db, people: { ...people, spareToken: 'spare' } });
  assert.equal(spare.madeToken, 'spare');
  const added = await ask(spare, '/api/operators', {
    body: { name: 'ada', role: 'administer', password: 'correct horse battery' },
    headers: bearer('spare'),
  });
  assert.equal(added.status, 201);
  await spare.close();
  const lab = await startLab({ ports: PORTS, db, people: { ...people, spareToken: 'spare' } });
  t.after(() => lab.close());
  assert.equal(lab.madeToken, undefined, 'with operators none is made');
  assert.equal((await ask(lab, '/api/status', { headers: bearer('spare') })).status, 401);
  const { port } = new URL(lab.peopleUrl);
  const status = (host: string): Promise<number | undefined> =>
    new Promise((resolve) =>
      get({ port, host: '127.0.0.1', path: '/login', headers: { host } }, (reply) => {
        reply.resume();
        resolve(reply.statusCode);
      }),
    );
  for (const host of ['evil.example', 'lab.example.evil', 'xlab.example']) assert.equal(await status(host), 403, host);
  for (const host of ['lab.example', 'LAB.example:8025', '192.0.2.7', '[2001:db8::1]:8025', `localhost:${port}`])
    assert.equal(await status(host), 200, host);
  await lab.store.write(() =>
    lab.store.people.operators.list().map(({ uuid }) => lab.store.people.operators.remove(uuid)),
  );
  assert.equal((await ask(lab, '/api/status')).status, 401, 'not open, even where no operator is left');
});

test('restoring a backup takes no line out of the audit log', async (t) => {
  const dir = temporaryDirectory(t);
  const lab = await startLab({ ports: PORTS, db: join(dir, 'lab.db') });
  t.after(() => lab.close());
  const post = async (path: string, body: unknown): Promise<number> => (await ask(lab, path, { body })).status;
  const actions = (): string[] => lab.store.people.audit.list(100).map(({ action, details }) => `${action} ${details}`);
  await post('/api/tags', { name: 'before', tag: 'a' });
  await post('/api/backup', { path: join(dir, 'copy.db') });
  await post('/api/tags', { name: 'after', tag: 'b' });
  assert.equal(await post('/api/restore', { path: join(dir, 'copy.db') }), 200);
  assert.equal(lab.store.tagRules.list().length, 1);
  assert.deepEqual(
    actions().map((line) => /\/api\/\S+|before|after/g.exec(line)?.[0]),
    ['/api/restore', '/api/tags', '/api/backup', '/api/tags'],
  );
  const other = await startLab({ ports: PORTS, db: join(dir, 'other.db'), secretsKey: join(dir, 'lab.db.key') });
  t.after(() => other.close());
  const moved = await ask(other, '/api/restore', { body: { path: join(dir, 'copy.db') } });
  assert.equal(moved.status, 200);
  assert.ok(
    other.store.people.audit.list(100).some(({ details }) => details.includes('before')),
    'a lab that moves takes its log along',
  );
});

test('a password is kept as a hash that differs each time, and compared whatever its form of Unicode', async () => {
  const [first, second] = [await hashPassword('Å sesame'), await hashPassword('Å sesame')];
  assert.notEqual(first, second);
  assert.match(first, /^scrypt\$32768\$8\$3\$[\w-]{22}\$[\w-]{43}$/);
  assert.equal(await isPassword('A\u030a sesame', first), true);
  assert.equal(await isPassword('A sesame', first), false);
  assert.equal(await isPassword('', undefined), false);
});
