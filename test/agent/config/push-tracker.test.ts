/** Configuration that a server pushes: looked at key by key, applied live, on probation, rolled back. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { parse } from 'yaml';
import { resolveAgentSettings } from '../../../agent/config/resolve.ts';
import { diffPushed, examinePushed } from '../../../agent/config/pushed.ts';
import { runUntil, testAgent, type TestAgent } from '../../helpers/agent-parts.ts';
import { command, scriptedServer, text, type ScriptedServer } from '../../helpers/scripted-server.ts';

let server: ScriptedServer;
let agent: TestAgent | undefined;
beforeEach(async () => (server = await scriptedServer()));
afterEach(async () => {
  await agent?.stop();
  await server.close();
});

/** What a Razor 0.x server pushes when nobody changed anything. */
const usual = {
  mk_tce_mirror_port: 2157,
  mk_checkin_interval: 60,
  mk_checkin_skew: 5,
  mk_register_path: '/razor/api/node/register',
  mk_checkin_path: '/razor/api/node/checkin',
  mk_fact_excl_pattern: '(^facter.*$)|(^uptime.*$)|(.*json_str$)',
  mk_log_level: 'Logger::ERROR',
  mk_gem_mirror_uri: 'http://localhost:2158/gem-mirror',
  mk_gemlist_uri: 'http://localhost:2158/gem-mirror/gems/gem.list',
  mk_uri: 'http://127.0.0.77:8026',
  mk_tce_mirror_uri: 'http://localhost:/tinycorelinux',
  mk_tce_install_list_uri: 'http://localhost:/tinycorelinux/tce-install-list',
  mk_kmod_install_list_uri: 'http://localhost:/tinycorelinux/kmod-install-list',
};

// a live node took http://localhost:/tinycorelinux over in place of its image's working mirror
test('of an untouched server’s configuration the URIs with an empty port are refused, and those that work are kept', () => {
  const mirrors = Object.keys(usual).filter((key) => String(usual[key as keyof typeof usual]).includes('localhost:/'));
  assert.equal(mirrors.length, 3);
  const { accepted, refused } = examinePushed(usual, {}, 'http://10.0.0.1:8026');
  assert.deepEqual(
    refused.map(({ key, reason }) => [key, reason]),
    mirrors.map((key) => [key, 'has an empty port']),
  );
  assert.deepEqual(accepted, Object.fromEntries(Object.entries(usual).filter(([key]) => !mirrors.includes(key))));
  const before = { mk_tce_mirror_uri: 'http://10.0.0.1:2157/tinycorelinux' };
  assert.equal(
    examinePushed(usual, before, 'http://10.0.0.1:8026').accepted['mk_tce_mirror_uri'],
    before.mk_tce_mirror_uri,
  );
});

test('values that no sane server sends are refused one by one, and the others count', () => {
  const bad: [string, unknown, RegExp][] = [
    ['mk_checkin_interval', 0, /between 1 and 86400/],
    ['mk_checkin_interval', -1, /between/],
    ['mk_checkin_interval', 1e9, /between/],
    ['mk_checkin_interval', '60', /not a number/],
    ['mk_checkin_interval', null, /not a number/],
    ['mk_checkin_interval', [60], /not a number/],
    ['mk_checkin_skew', true, /not a number/],
    ['mk_tce_mirror_port', 70_000, /between/],
    ['mk_tce_mirror_port', 80.5, /whole/],
    ['mk_fact_excl_pattern', '(a+', /not a valid pattern/],
    ['mk_fact_excl_pattern', '(?=a)b', /not a valid pattern/],
    ['mk_fact_excl_pattern', '(x{1000}){1000}', /not a valid pattern/],
    ['mk_fact_excl_pattern', 'x'.repeat(100_000), /not a valid pattern/],
    ['mk_fact_excl_pattern', 7, /not text/],
    ['mk_log_level', 'Logger::LOUD', /not a log level/],
    ['mk_log_level', 'constructor', /not a log level/],
    ['mk_uri', 'ftp://10.0.0.1', /neither http nor https/],
    ['mk_uri', 'file:///etc/shadow', /neither/],
    ['mk_uri', 'javascript:1', /neither|not a valid URL/],
    ['mk_uri', 'http://', /not a valid URL/],
    ['mk_uri', 'false', /not a valid URL/],
    ['mk_checkin_path', 'razor/checkin', /not a valid path/],
    ['mk_checkin_path', '//evil.example/x', /not a valid path/],
    ['mk_checkin_path', '/../x', /\.\. in it/],
    ['mk_checkin_path', '/a b', /not a valid path/],
    ['mk_register_path', 'http://evil.example/', /not a valid path/],
    ['mk_custom', { deep: true }, /not a plain value/],
    ['mk_custom', 'x'.repeat(5000), /not a plain value/],
    ['__proto__', { polluted: 1 }, /not a key/],
    ['mk_', 1, /not a key/],
    ['MK_URI', 'http://10.0.0.1', /not a key/],
    ['checkin_interval', 5, /not a key/],
  ];
  for (const [key, value, reason] of bad) {
    const others = Object.entries(usual).filter(([name, its]) => name !== key && !String(its).includes('localhost:/'));
    const map = Object.fromEntries([...others, [key, value]]);
    const { accepted, refused } = examinePushed(map, { mk_checkin_interval: 42 }, 'http://10.0.0.1');
    assert.deepEqual(
      refused.map((one) => one.key),
      [key],
      `${key} ${JSON.stringify(value)}`,
    );
    assert.match(refused[0]?.reason ?? '', reason);
    assert.equal(accepted['mk_checkin_skew'] ?? 5, 5, 'the others count');
    if (key === 'mk_checkin_interval') assert.equal(accepted[key], 42, 'the old value stays');
  }
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});

test('a pattern that would take a backtracking engine years is harmless', () => {
  const { refused } = examinePushed({ mk_fact_excl_pattern: '(a+)+$|(a|aa)+b' }, {}, 'http://x');
  assert.deepEqual(refused, []);
});

test('a push may lead from http to https, never back', () => {
  const move = (uri: string, from: string): number => examinePushed({ mk_uri: uri }, {}, from).refused.length;
  assert.equal(move('https://10.0.0.1', 'http://10.0.0.1'), 0);
  assert.equal(move('http://10.0.0.1', 'https://10.0.0.1'), 1);
  assert.equal(move('HTTP://10.0.0.1', 'HTTPS://10.0.0.1'), 1);
});

test('the order of keys is no change, the type of a value is one', () => {
  assert.deepEqual(diffPushed({ a: 1, b: 'x' }, { b: 'x', a: 1 }), []);
  assert.deepEqual(diffPushed({ a: 1 }, { a: '1', c: true }), [
    { key: 'a', from: 1, to: '1' },
    { key: 'c', from: undefined, to: true },
  ]);
});

test('a key of the configuration file that nobody knows is named: it is a slip of the pen', () => {
  const { values, refused } = resolveAgentSettings({ file: { logLevel: 'debug', log_level: 'warn' } });
  assert.deepEqual([values.logLevel, refused], ['warn', ['configuration file: unknown setting logLevel']]);
});

test('a push is applied without a restart, told as a diff, and stored when three check-ins were good', async () => {
  server.checkins(command('register', { mk_checkin_interval: 10, mk_checkin_skew: 0 }));
  agent = await testAgent({ server: server.url });
  await runUntil(agent, () => agent?.of('checkin').length === 3);
  assert.equal(agent.control.settings.values.checkinInterval, 10);
  assert.equal(agent.control.settings.from.checkinInterval, 'pushed');
  assert.ok(agent.lines.includes('info: pushed configuration: mk_checkin_interval: unset -> 10'));
  assert.equal(agent.store.config, undefined, 'on probation');
  await runUntil(agent, () => agent?.of('checkin').length === 4);
  await runUntil(agent, () => agent?.store.config !== undefined);
  const file = readFileSync(join(agent.store.dir, 'mk_conf.yaml'), 'utf8');
  assert.deepEqual(parse(file), { mk_checkin_interval: 10, mk_checkin_skew: 0 }, 'any YAML reader can read it');
  assert.equal(agent.of('config').length, 1, 'the same map with every reply is looked at once');
});

test('secrets that operators push are stored, and shown to nobody: not in the log, the events, or the errors for the server', async () => {
  const pushed = { mk_own_password: 'hush1', mk_tce_mirror_uri: 'http://u:hush2@127.0.0.1/x', mk_token: ['hush3'] };
  server.checkins(command('acknowledge', pushed));
  agent = await testAgent({ server: server.url });
  await runUntil(agent, () => agent?.store.config !== undefined);
  assert.equal(agent.store.config?.['mk_own_password'], 'hush1');
  assert.doesNotMatch(JSON.stringify([agent.lines, agent.events, server.asked.map(({ body }) => body)]), /hush/);
  assert.ok(
    agent.lines.some((line) => /mk_own_password: .*\[redacted\]/.test(line)),
    agent.lines.join('\n'),
  );
});

test('a setting that somebody gave wins over a pushed one', async () => {
  server.checkins(command('register', { mk_checkin_interval: 10 }));
  agent = await testAgent({ server: server.url, args: { 'checkin-interval': '20' } });
  await runUntil(agent, () => agent?.of('checkin').length === 2);
  assert.equal(agent.control.settings.values.checkinInterval, 20);
  assert.equal(agent.control.settings.from.checkinInterval, 'option');
});

test('a pushed path that leads nowhere is rolled back, reported, and not taken again', async () => {
  const wrong = { mk_checkin_path: '/wrong/checkin' };
  agent = await testAgent({ server: server.url });
  server.checkins((asked, response) => {
    if (asked.path === '/wrong/checkin') text('Error: File Not Found', 404)(asked, response);
    else command(asked.query.has('first_checkin') ? 'register' : 'acknowledge', wrong)(asked, response);
  });
  await runUntil(agent, () => agent?.of('config-rollback').length === 1);
  const goodBefore = agent.of('checkin').length;
  await runUntil(agent, () => (agent?.of('checkin').length ?? 0) >= goodBefore + 4);
  assert.equal(agent.of('config').length, 1);
  assert.match(agent.of('config-rollback')[0]?.reason ?? '', /3 check-ins in a row failed/);
  server.checkins(command('register', wrong));
  await runUntil(agent, () => (agent?.of('registered').length ?? 0) >= 2);
  const body = new URLSearchParams(server.asked.findLast(({ method }) => method === 'POST')?.body);
  assert.match(body.get('json_hash') ?? '', /"razor_mk_errors":"pushed configuration rolled back/);
});

const factsOf = (index: number): Record<string, string> => {
  const posts = server.asked.filter(({ method }) => method === 'POST');
  const report = JSON.parse(new URLSearchParams(posts[index]?.body).get('json_hash') ?? '{}') as {
    '@attributes_hash'?: Record<string, string>;
  };
  return report['@attributes_hash'] ?? {};
};

test('a pushed pattern counts from the next turn on: what it keeps back leaves the server, what it lets through arrives', async () => {
  const push = (mk_fact_excl_pattern: string) => command('acknowledge', { mk_fact_excl_pattern });
  server.checkins(command('register'), command('acknowledge'), push('^host'), push('^virtual'));
  agent = await testAgent({ server: server.url });
  await runUntil(agent, () => agent?.of('registered').length === 3);
  assert.deepEqual(
    [0, 1, 2].map((index) => Object.keys(factsOf(index)).sort()),
    [['hostname', 'is_virtual'], ['is_virtual'], ['hostname', 'is_virtual']],
  );
  assert.deepEqual(
    agent.of('registered').map(({ reason }) => reason),
    ['the server asked for it', 'not to be sent any more: hostname', 'changed: hostname'],
  );
});

test('what is refused or rolled back is told to the server without being asked for', async () => {
  const wrong = { mk_checkin_interval: 0, mk_fact_excl_pattern: '(' };
  server.checkins(command('register'), command('acknowledge', wrong));
  agent = await testAgent({ server: server.url });
  await runUntil(agent, () => agent?.of('registered').length === 2);
  assert.match(factsOf(1)['razor_mk_errors'] ?? '', /mk_checkin_interval 0 refused.*mk_fact_excl_pattern "\(" refused/);
  const lost = { mk_checkin_path: '/wrong/checkin' };
  server.checkins((asked, response) => {
    if (asked.path === '/wrong/checkin') text('Error: File Not Found', 404)(asked, response);
    else command('acknowledge', lost)(asked, response);
  });
  await runUntil(agent, () => agent?.of('registered').length === 3);
  assert.match(factsOf(2)['razor_mk_errors'] ?? '', /rolled back/);
  // somebody mended the server: nothing is wrong any more
  server.checkins(command('acknowledge', {}));
  await runUntil(agent, () => agent?.of('registered').length === 4);
  assert.equal(factsOf(3)['razor_mk_errors'], undefined);
});

test('what an untouched server pushes is no fault of anybody’s: it is refused in the log, and not told to the server', async () => {
  server.checkins(command('register', usual), command('acknowledge', { ...usual, mk_uri: server.url }));
  agent = await testAgent({ server: server.url });
  await runUntil(agent, () => agent?.of('checkin').length === 4);
  assert.equal(agent.of('registered').length, 1, 'nothing new is told');
  assert.ok(agent.lines.some((line) => /mk_tce_mirror_uri = .* is refused: it has an empty port/.test(line)));
  assert.equal(agent.control.settings.values.tceMirrorUri, '');
});

test('a found server gives way to its mk_uri; when nothing answers there, the found one returns', async () => {
  const second = await scriptedServer();
  try {
    server.checkins(command('register', { mk_uri: second.url }));
    agent = await testAgent({ server: server.url, given: false });
    await runUntil(agent, () => second.asked.length >= 2);
    assert.equal(server.asked.filter(({ method }) => method === 'GET').length, 1);
    const moved = (to: string, source: string, from: string): boolean =>
      agent?.lines.includes(`info: from now on ${to} is asked (${source}) in place of ${from}`) === true;
    assert.ok(moved(second.url, 'pushed mk_uri', server.url), agent.lines.join('\n'));
    await second.close();
    const before = server.asked.length;
    await runUntil(agent, () => server.asked.length > before + 2);
    assert.ok(agent.lines.some((line) => line.startsWith(`info: from now on ${server.url} is asked (`)));
    assert.ok(agent.of('error').length >= 3);
  } finally {
    await second.close().catch(() => undefined);
  }
});

test('an address that somebody gave is not moved by a push', async () => {
  server.checkins(command('acknowledge', { mk_uri: 'http://127.0.0.1:1' }));
  agent = await testAgent({ server: server.url, given: true });
  await runUntil(agent, () => agent?.of('checkin').length === 4);
  assert.equal(agent.of('error').length, 0);
});

test('an agent without a server takes its configuration from the local interface', async () => {
  server.checkins(command('acknowledge'));
  let found = false;
  agent = await testAgent({
    discover: () =>
      found
        ? Promise.resolve({ candidates: [{ url: server.url, source: 'next-server file', given: false }], steps: [] })
        : Promise.reject(new Error('nothing')),
  });
  await runUntil(agent, () => (agent?.of('waiting').length ?? 0) > 2);
  for (const time of ['once', 'again']) {
    assert.deepEqual(
      agent.control.offerConfig({ mk_checkin_interval: 'soon' }).refused.map(({ key }) => key),
      ['mk_checkin_interval'],
      time,
    );
  }
  assert.deepEqual(agent.control.offerConfig({ mk_uri: server.url }), { changed: true, refused: [] });
  await runUntil(agent, () => agent?.of('checkin').length === 1);
  found = true;
});
