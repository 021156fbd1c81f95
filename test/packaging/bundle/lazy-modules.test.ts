import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bundle } from '../../../packaging/bundle/bundle.ts';
import { run } from '../../../platform/process/run.ts';
import { command, scriptedServer } from '../../helpers/scripted-server.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

/** Runs a bundle as the executable's loader does, and writes down at the end which of its own modules Node has loaded. */
const LOADER = `
  const { readFileSync, writeFileSync } = require('node:fs');
  const [code, list] = process.argv.splice(2, 2);
  process.on('exit', () => writeFileSync(list, JSON.stringify(process.moduleLoadList)));
  const own = (id) => (id === 'node:sea' ? { getRawAsset: () => { throw new Error('no assets'); } } : require(id));
  require('node:vm').runInThisContext(readFileSync(code, 'latin1'))({}, Object.assign(own, require), { exports: {} }, code);
`;

test('a node with a plain server checks in without what it does not need: TLS, certificates, the streams of a terminal', async (t) => {
  const directory = temporaryDirectory(t);
  const [code, loader, list] = ['razor-mk.cjs', 'loader.cjs', 'list.json'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  await bundle({ version: '1.2.3', commit: 'abc1234', output: code });
  writeFileSync(loader, LOADER);
  const server = await scriptedServer();
  t.after(() => server.close());
  server.checkins(command('acknowledge'));
  const loaded = async (...words: string[]): Promise<readonly string[]> => {
    const { status, stderr } = await run([process.execPath, loader, code, list, ...words], { timeoutMs: 60_000 });
    assert.equal(status, 0, stderr.toString());
    const { default: names } = (await import(`${list}?${words[0]}`, { with: { type: 'json' } })) as {
      default: string[];
    };
    return names.map((name) => name.replace(/^NativeModule /, ''));
  };
  const turn = await loaded(
    ...['run', '--once', '--checkin-skew', '0', '--server', `127.0.0.1:${server.port}`, '--state-dir', directory],
  );
  assert.ok(turn.includes('http'), 'it has asked');
  const forNothing = ['https', 'tls', 'internal/tls/wrap', 'crypto', 'http2', 'tty', 'perf_hooks', 'fs/promises'];
  assert.deepEqual(
    forNothing.filter((name) => turn.includes(name)),
    [],
  );
  const facts = await loaded('facts');
  assert.deepEqual(
    ['http', 'dgram', 'dns', 'net', 'stream', ...forNothing].filter((name) => facts.includes(name)),
    [],
  );
});
