/** What `run` ends with: what a person typed is used or refused, and a turn was answered or not. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { commandLine, type Ran } from '../../helpers/command-line.ts';
import { razorMk } from '../../helpers/razor-mk.ts';
import { command, scriptedServer } from '../../helpers/scripted-server.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const DOCS = fileURLToPath(new URL('../../../docs/agent.md', import.meta.url));

function runAgent(...args: string[]): Promise<Ran> {
  return commandLine(['run', '--cmdline', '/dev/null', '--state-dir', temporaryDirectory(), ...args]);
}

test('a value that cannot be used is refused with what was typed, before anything is asked', async () => {
  const missing = join(temporaryDirectory(), 'nofile.yaml');
  for (const [args, status, message] of [
    [['--port', '99999', '--server', '127.0.0.1'], 64, /--port=99999 is not between 1 and 65535/],
    [['--server', 'http://'], 64, /--server=http:\/\/ is not a valid address/],
    [['--interval', '5x'], 64, /--checkin-interval=5x is not a number/],
    [['--token', 'hush\u0007'], 64, /--token=\[redacted\] has control characters/],
    [['--config', missing], 66, /the configuration file .*nofile\.yaml does not exist/],
  ] as const) {
    const ended = await runAgent('--once', ...args);
    assert.deepEqual([ended.status, ended.out], [status, ''], ended.err);
    assert.match(ended.err, message);
    assert.doesNotMatch(ended.err, /hush/);
  }
});

test('run --once ends with 0 when the server answered, whatever it wanted', async (t) => {
  const server = await scriptedServer();
  t.after(() => server.close());
  server.checkins(command('acknowledge'));
  assert.equal((await runAgent('--once', '--server', server.url)).status, 0);
});

test('run --once ends with the status of the error when no turn was answered', async (t) => {
  const server = await scriptedServer();
  t.after(() => server.close());
  server.checkins((_asked, response) => response.writeHead(200).end('<html>not a reply</html>'));
  const absent = await runAgent('--once', '--server', 'http://127.0.0.1:1');
  assert.deepEqual([absent.status, /RAZOR_MK_|connection refused/.test(absent.out)], [69, true], absent.out);
  assert.equal((await runAgent('--once', '--server', server.url)).status, 75, 'a reply that is not one');
});

test('one answer among failures is enough', async (t) => {
  const server = await scriptedServer();
  t.after(() => server.close());
  server.checkins(command('acknowledge'), (_asked, response) => response.writeHead(500).end('no'));
  const ended = await runAgent('--turns', '2', '--server', server.url, '--interval', '0.01', '--checkin-skew', '0');
  assert.equal(ended.status, 0, ended.out);
});

test('the examples of docs/agent.md end with the status that they stand for', async () => {
  const rows = [...readFileSync(DOCS, 'utf8').matchAll(/^\| (\d+) +\|.*\| `razor-mk ([^`]+)` +\|$/gm)];
  assert.deepEqual(
    rows.map(([, status]) => Number(status)),
    [0, 64, 65, 66, 69, 78],
  );
  for (const [, status, words = ''] of rows) {
    const ended = await razorMk(words.split(' '), { cwd: temporaryDirectory() });
    assert.equal(ended.status, Number(status), `${words}: ${ended.err}`);
  }
});
