import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { serve } from '../../../../lab/cli/serve/serve.ts';
import yargs from 'yargs';
import { environmentName, SERVER_OPTIONS, yargsOptions } from '../../../../lab/cli/serve/server-options.ts';
import { resolveValues } from '../../../../lab/cli/serve/server-values.ts';
import { type RazorMkError } from '../../../../platform/errors/errors.ts';
import type { Host } from '../../../../platform/process/verb.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const directory = temporaryDirectory();
const file = (text: string): string => {
  const path = join(directory, 'lab.yaml');
  writeFileSync(path, text);
  return path;
};

describe('the options of a lab', () => {
  it('are taken from the command line before the environment before the file before the default', async () => {
    const config = file('port: 1003\nimage-port: 1003\npeople-port: 1003\nfaithful: true\n');
    const env = { RAZOR_MK_LAB_PORT: '1002', RAZOR_MK_LAB_IMAGE_PORT: '1002', RAZOR_MK_LAB_CONFIG: config };
    const values = await resolveValues({ port: 1001 }, env);
    assert.equal(values.port, 1001);
    assert.equal(values['image-port'], 1002);
    assert.equal(values['people-port'], 1003);
    assert.equal(values['ironic-port'], 6385);
    assert.equal(values.faithful, true);
    assert.equal(
      (await resolveValues({ faithful: false }, env)).faithful,
      false,
      'a flag is taken back by --no-faithful',
    );
    assert.equal((await resolveValues({ config }, { RAZOR_MK_LAB_CONFIG: '/nowhere' })).port, 1003);
    // as a unit of systemd leaves a variable that it does not fill
    const empty = { RAZOR_MK_LAB_CONFIG: '', RAZOR_MK_LAB_PORT: '', RAZOR_MK_LAB_FAITHFUL: '' };
    assert.deepEqual(await resolveValues({}, empty), await resolveValues({}, {}));
  });

  it('have the same names in the file, and every kind of value can be written there', async () => {
    const config = file(
      [
        ...['host: 0.0.0.0', 'db: lab.db', 'extension-zip: /srv/x.zip', 'register-timeout: 90.5'],
        ...['mk:', '  mk_checkin_interval: 10', '  mk_log_level: "Logger::DEBUG"'],
        ...['match-nodes-on: [mac, serial]', 'facts-blacklist: uptime', 'mk-debug-level: quiet', 'advertise:'],
      ].join('\n'),
    );
    const values = await resolveValues({ config }, {});
    assert.equal(values.host, '0.0.0.0');
    assert.equal(values.db, join(directory, 'lab.db'), 'a path is meant from the file’s own directory');
    assert.equal(values['extension-zip'], '/srv/x.zip');
    assert.equal(values['register-timeout'], 90.5);
    assert.deepEqual(values.mk, ['mk_checkin_interval=10', 'mk_log_level=Logger::DEBUG']);
    assert.deepEqual(values['match-nodes-on'], ['mac', 'serial']);
    assert.deepEqual(values['facts-blacklist'], ['uptime']);
    assert.equal(values.advertise, undefined, 'nothing behind the colon is nothing');
    const env = { RAZOR_MK_LAB_MATCH_NODES_ON: 'uuid  asset', RAZOR_MK_LAB_PROTECT_NEW_NODES: '1' };
    const fromEnv = await resolveValues({ db: ':memory:' }, env);
    assert.deepEqual(fromEnv['match-nodes-on'], ['uuid', 'asset']);
    assert.equal(fromEnv['protect-new-nodes'], true);
    assert.equal(fromEnv.db, ':memory:');
    for (const name of Object.keys(SERVER_OPTIONS)) {
      assert.match(environmentName(name as keyof typeof SERVER_OPTIONS), /^RAZOR_MK_LAB_[A-Z_]+$/);
    }
  });

  it('are refused with the place, the name and what to write instead', async () => {
    const config = join(directory, 'lab.yaml');
    const cases: readonly (readonly [string, RegExp, RegExp])[] = [
      ['prot: 1', /lab\.yaml: unknown option "prot"/, /Did you mean port\?/],
      ['imagePort: 1', /unknown option "imagePort"/, /image-port/],
      ['colour: red', /unknown option "colour"/, /--help lists/],
      ['port: eighty', /lab\.yaml: port is "eighty"/, /a port from 0 to 65535, as 8026/],
      ['port: 65536', /port is 65536/, /65535/],
      ['port: 80.5', /port is 80\.5/, /port/],
      ['register-timeout: 0', /register-timeout is 0/, /from 1 on/],
      ['faithful: "yes"', /faithful is "yes"/, /true or false/],
      ['mk-debug-level: loud', /mk-debug-level is "loud"/, /quiet or debug/],
      ['match-nodes-on: [mac, ip]', /match-nodes-on is "ip"/, /mac or serial or asset or uuid/],
      ['host: [a]', /host is \["a"\], not text/, /quotes/],
      ['host: 12', /host is 12, not text/, /quotes/],
      ['- port', /is not a map of options/, /one option a line/],
      ['port: 1\nport: 2', /not valid YAML: .*unique.*line 2/, /line that is named/],
      ['port: [1', /not valid YAML/, /line that is named/],
    ];
    for (const [text, message, remedy] of cases) {
      file(text);
      await assert.rejects(
        () => resolveValues({ config }, {}),
        (error: RazorMkError) => {
          assert.equal(error.code, 'RAZOR_MK_LAB_CONFIG', text);
          assert.match(error.message, message);
          assert.match(error.remedy, remedy);
          return true;
        },
      );
    }
    const refused = (args: object, env: Record<string, string>, code: string, message: RegExp): Promise<void> =>
      assert.rejects(
        () => resolveValues(args as Record<string, unknown>, env),
        (error: RazorMkError) => error.code === code && message.test(error.message),
      );
    await refused({ port: NaN }, {}, 'RAZOR_MK_USAGE', /^--port is not a number/);
    for (const port of ['', ' ', 'x', false]) await refused({ port }, {}, 'RAZOR_MK_USAGE', /^--port is /);
    await refused({ 'register-timeout': '' }, {}, 'RAZOR_MK_USAGE', /^--register-timeout is ""/);
    await refused({}, { RAZOR_MK_LAB_PORT: 'x' }, 'RAZOR_MK_LAB_CONFIG', /^RAZOR_MK_LAB_PORT is "x"/);
    await refused({}, { RAZOR_MK_LAB_FAITHFUL: 'maybe' }, 'RAZOR_MK_LAB_CONFIG', /^RAZOR_MK_LAB_FAITHFUL/);
    await refused({ config: join(directory, 'none') }, {}, 'RAZOR_MK_FILE_UNREADABLE', /cannot read .*none/);
  });
});

describe('razor-mk lab', () => {
  async function started(args: Record<string, unknown>, env: Record<string, string> = {}): Promise<string> {
    const ending = new AbortController();
    let printed = '';
    const ready = Promise.withResolvers<void>();
    const say = (text: string): void => {
      printed += text;
      if (/^page /m.test(printed)) setImmediate(() => ready.resolve());
    };
    const host: Host = {
      env,
      out: say,
      err: say,
      interactive: false,
      colour: false,
      columns: 80,
      self: ['razor-mk'],
      signal: ending.signal,
    };
    const ports = { port: '0', 'image-port': '0', 'people-port': '0', 'ironic-port': '0' };
    const running = serve({ ...ports, ...args }, host);
    await Promise.race([ready.promise, running]);
    ending.abort();
    assert.equal(await running, 0);
    return printed;
  }

  it('asks for a token that it makes and prints, where page and API are open to other machines', async () => {
    const open = await started({ 'people-host': '0.0.0.0' });
    assert.match(
      open,
      /page +http:\/\/127\.0\.0\.1:\d+, and on every address of this machine {2}\(requires the token\)\ntoken +[\w-]{24}\n/,
    );
    assert.match(open, /without --tls-cert passwords and tokens cross the network unencrypted/);
    const given = await started({ 'people-host': '0.0.0.0' }, { RAZOR_MK_LAB_TOKEN: 'sesame' });
    assert.match(given, /\(requires the token\)/);
    assert.doesNotMatch(given, /sesame|^token/m, 'one that was given is not repeated');
    assert.doesNotMatch(await started({}), /token/);
  });

  it('refuses the port of an unset shell variable: --port= is not --port 0', async () => {
    const parsed = await yargs(['--port=', '--people-port', '8']).options(yargsOptions()).parse();
    await assert.rejects(
      () => resolveValues(parsed, {}),
      (error: RazorMkError) => error.code === 'RAZOR_MK_USAGE' && /^--port is ""/.test(error.message),
    );
    const { port: _port, ...rest } = parsed;
    assert.equal((await resolveValues(rest, {}))['people-port'], 8);
  });

  it('listens for razor-server only where that was asked for, by its flag or by one of its options', async () => {
    assert.doesNotMatch(await started({}), /razor-server/);
    for (const args of [{ 'razor-server': true, 'razor-server-port': '0' }, { 'razor-server-port': '0' }]) {
      assert.match(await started(args), /^razor-server +http:\/\/127\.0\.0\.1:\d+$/m);
    }
  });

  it('is a conductor too with --ironic, and says what is missing', async () => {
    assert.match(await started({ ironic: true }), /ironic +http:\/\/127\.0\.0\.1:\d+\n.*any deploy ramdisk may call/);
    const named = await started({ 'ironic-node': ['n1=K,/i.raw'] });
    assert.match(named, /ironic +http/);
    assert.doesNotMatch(named, /may call/);
    assert.match(await started({ 'ironic-image': '/i.raw' }), /\/i\.raw is written to every disk that is offered/);
    await assert.rejects(started({ 'ironic-node': ['n1=SECRET'] }), (error: RazorMkError) => {
      assert.match(error.message, /--ironic-node n1 is not UUID=KEY,IMAGE/);
      assert.doesNotMatch(error.message, /SECRET/);
      return true;
    });
  });

  it('takes a file or a database, not both, and a database with a directory for images only', async () => {
    const url = 'postgres://lab:s3cret@127.0.0.1:1/site';
    for (const [values, why] of [
      [{ database: 'lab.db', 'image-dir': '/tmp' }, /^--database is not a URL of PostgreSQL/],
      [{ database: url }, /^--database needs --image-dir/],
      [{ database: url, 'image-dir': '/tmp' }, /^--database needs --secrets-key/],
      [{ database: url, db: ':memory:', 'image-dir': '/tmp' }, /^either --db or --database/],
    ] as const) {
      await assert.rejects(started(values), (error: RazorMkError) => {
        assert.equal(error.code, 'RAZOR_MK_USAGE');
        assert.match(error.message, why);
        return true;
      });
    }
    const whole = { database: url, 'image-dir': '/tmp', 'secrets-key': '/tmp/none/secrets.key' };
    await assert.rejects(started(whole), (error: RazorMkError) => {
      assert.equal(error.code, 'RAZOR_MK_LAB_DB');
      assert.match(error.message, /postgres:\/\/lab@127\.0\.0\.1:1\/site: nothing listens there/);
      assert.doesNotMatch(`${error.message} ${error.remedy}`, /s3cret/);
      return true;
    });
  });

  it('refuses words for the kernel line that would not reach the kernel, before anything listens', async () => {
    for (const [words, why] of [
      [`razor.x=${'y'.repeat(2048)}`, /the kernel cuts it at 2047/],
      [Array.from({ length: 31 }, (_, n) => `w${n}=1`).join(' '), /31 words without a dot/],
      ['console="tty0"', /invalid kernel argument/],
    ] as const) {
      await assert.rejects(started({ 'mk-kernel-args': words }), (error: RazorMkError) => {
        assert.equal(error.code, 'RAZOR_MK_USAGE');
        assert.match(error.message, why);
        return true;
      });
    }
    assert.match(await started({ 'mk-kernel-args': 'console=tty0  razor.ip=192.0.2.1' }), /nodes/);
  });
});
