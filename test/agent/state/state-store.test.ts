/** What is remembered, and what happens when it cannot be read or written. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FOREMAN } from '../../../agent/servers/foreman/foreman-descriptor.ts';
import { HANLON } from '../../../agent/servers/hanlon/hanlon-descriptor.ts';
import { RAZOR } from '../../../agent/servers/razor/razor-descriptor.ts';
import { RAZOR_SERVER } from '../../../agent/servers/razor-server/razor-server-descriptor.ts';
import type { ServerDescriptor } from '../../../agent/servers/server.ts';
import { exclusionOf } from '../../../agent/state/exclusion.ts';
import { parse } from 'yaml';
import { flatYaml, openStateStore, readFlatYaml, STATE_FILES } from '../../../agent/state/state-store.ts';
import { run } from '../../../platform/process/run.ts';
import { killRun } from '../../helpers/kill-run.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const dir = temporaryDirectory();

test('state is kept under the original’s names, and any YAML reader can read it', async () => {
  const store = await openStateStore(join(dir, 'names'));
  assert.equal(store.firstCheckin, true);
  assert.equal(store.previousFacts, undefined);
  store.setFirstCheckin(false);
  const facts = { hostname: 'mk', 'odd: key': 'a "quoted" \\ value\nwith lines', yes: 'no', empty: '', ünï: '☃\u0085' };
  store.setPreviousFacts(facts);
  store.setConfig({ mk_checkin_interval: 60, mk_uri: 'http://10.0.0.1:8026', flag: true });
  store.setNote('loop', [1, 2]);
  const read = (name: string): unknown => parse(readFileSync(join(store.dir, name), 'utf8'));
  assert.equal(read('first_checkin.yaml'), false);
  assert.deepEqual(read('prev_facts.yaml'), facts);
  assert.deepEqual(read('mk_conf.yaml'), { mk_checkin_interval: 60, mk_uri: 'http://10.0.0.1:8026', flag: true });
  const again = await openStateStore(store.dir);
  assert.deepEqual(again.takeProblems(), []);
  assert.equal(again.firstCheckin, false);
  assert.deepEqual({ ...again.previousFacts }, facts);
  assert.deepEqual(again.config, { mk_checkin_interval: 60, mk_uri: 'http://10.0.0.1:8026', flag: true });
  assert.deepEqual(again.note('loop'), [1, 2]);
  assert.equal(statSync(join(store.dir, 'prev_facts.yaml')).mode & 0o777, 0o600);
});

test('files of the original, without a checksum, are read too', async () => {
  const at = join(dir, 'original');
  mkdirSync(at);
  writeFileSync(join(at, 'mk_conf.yaml'), '--- \nmk_checkin_interval: 30\nmk_uri: http://10.0.0.1:8026\n');
  writeFileSync(join(at, 'first_checkin.yaml'), '--- false\n...\n');
  const store = await openStateStore(at);
  assert.deepEqual(store.config, { mk_checkin_interval: 30, mk_uri: 'http://10.0.0.1:8026' });
  assert.equal(store.firstCheckin, false);
});

test('a file that cannot be read is set aside, said so, and the agent goes on without it', async () => {
  const at = join(dir, 'broken');
  const spoiled: [string, (text: Buffer) => Buffer][] = [
    ['one bit turned', (text) => Buffer.from(text.map((byte, index) => (index === 20 ? byte ^ 1 : byte)))],
    ['cut short', (text) => text.subarray(0, text.length - 10)],
    ['empty', () => Buffer.alloc(0)],
    ['zeros, as after a power cut', (text) => Buffer.alloc(text.length)],
    ['the end of another file', (text) => Buffer.concat([text.subarray(0, 30), text])],
    ['a billion laughs', () => Buffer.from('a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n')],
  ];
  for (const [name, spoil] of spoiled) {
    const store = await openStateStore(at);
    store.setPreviousFacts({ a: 'x'.repeat(50), b: 'y' });
    store.setFirstCheckin(false);
    const path = join(at, STATE_FILES.previousFacts);
    writeFileSync(path, spoil(readFileSync(path)));
    const again = await openStateStore(at);
    assert.equal(again.previousFacts, undefined, name);
    assert.equal(again.firstCheckin, false, 'the other files count');
    assert.match(again.takeProblems().join(), /prev_facts\.yaml cannot be used .*set aside as/, name);
    assert.ok(existsSync(`${path}.unreadable`) && !existsSync(path), name);
    assert.deepEqual((await openStateStore(at)).takeProblems(), [], 'and it is said once');
  }
});

test('a missing directory is made, and a file or directory in the way does not stop the agent', async () => {
  assert.deepEqual((await openStateStore(join(dir, 'a/b/c'))).takeProblems(), []);
  writeFileSync(join(dir, 'file'), '');
  const store = await openStateStore(join(dir, 'file/under'));
  store.setFirstCheckin(false);
  assert.equal(store.firstCheckin, false, 'remembered as long as it runs');
  assert.ok(store.takeProblems().length > 0);
  mkdirSync(join(dir, 'way', STATE_FILES.config, 'x'), { recursive: true });
  const blocked = await openStateStore(join(dir, 'way'));
  blocked.setConfig({ mk_checkin_interval: 1 });
  assert.deepEqual(blocked.config, { mk_checkin_interval: 1 });
});

test('a full disk and a read-only one are said, and state is kept in memory', async (t) => {
  const at = join(dir, 'full');
  mkdirSync(at);
  const mounted = await run(['unshare', '-m', 'true']);
  if (mounted.status !== 0) return t.skip('no mount namespaces here');
  // the test itself stays outside: a process in a namespace of its own has the small file system
  const script = new URL('../../helpers/full-disk.ts', import.meta.url).pathname;
  const result = await run([
    'unshare',
    '-m',
    'sh',
    '-c',
    'mount -t tmpfs -o size=64k none "$0" && exec "$1" "$2" "$0"',
    at,
    process.execPath,
    script,
  ]);
  assert.equal(result.stderr.toString(), '');
  const said = JSON.parse(result.stdout.toString()) as {
    full: string;
    readOnly: string;
    leftovers: string[];
    kept: string;
  };
  assert.match(said.full, /ENOSPC/);
  assert.match(said.readOnly, /EROFS/);
  assert.deepEqual(said.leftovers, [], 'no half-written files are left');
  assert.equal(said.kept, 'small', 'what was there before the disk was full is still there');
});

test('the flat form survives any map of scalars', () => {
  const map = {
    a: 1,
    b: -0.5,
    c: true,
    d: null,
    'e f': '# no comment',
    '- x': ': y',
    '"q"': "'",
    on: 'off',
    '': 'empty key',
  };
  assert.deepEqual(readFlatYaml(flatYaml(map)), map);
  assert.deepEqual(parse(flatYaml(map)), map);
});

test('kill -9 in the middle of a state write, ten times: everything is read back whole', async () => {
  let seed = 7;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  const { rounds } = await killRun(10, random);
  assert.ok(rounds > 5);
});

test('nothing but the state files lies in a state directory', () => {
  assert.deepEqual(readdirSync(join(dir, 'names')).sort(), Object.values(STATE_FILES).sort());
  chmodSync(dir, 0o700);
});

// the first register of a Hanlon node held memoryfree_mb, which Hanlon's pattern leaves out, and the next one went out because it changed
test('what is kept back before anything is pushed is the server’s own: Razor’s for Razor, Hanlon’s for Hanlon, nothing for those that filter', () => {
  const kept = (server: ServerDescriptor, pattern = ''): readonly string[] => {
    const { excludes } = exclusionOf(pattern, server);
    return ['memoryfree_mb', 'kernelrelease', 'system_uptime', 'macaddress'].filter(excludes);
  };
  assert.deepEqual(kept(RAZOR), ['kernelrelease']);
  assert.deepEqual(kept(HANLON), ['memoryfree_mb', 'kernelrelease', 'system_uptime']);
  assert.deepEqual(kept(RAZOR_SERVER), []);
  assert.deepEqual(kept(FOREMAN), []);
  assert.deepEqual(kept(RAZOR_SERVER, '^mac'), ['macaddress'], 'what somebody set counts everywhere');
});
