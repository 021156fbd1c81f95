import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { logLines, readLogTail } from '../../../agent/status/log-tail.ts';
import { renderWatch } from '../../../agent/status/watch-page.ts';
import { openTerminal } from '../../helpers/real-terminal.ts';
import { RAZOR_MK } from '../../helpers/razor-mk.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';
import { sample } from './sample.ts';

const LOG = Array.from({ length: 40 }, (_, i) => `11:06:${String(i).padStart(2, '0')} line ${i}`);
const last = { at: '2026-11-22T11:06:01.000Z', command: 'acknowledge', durationMs: 1, reason: 'no policy fits: x' };
const snapshot = sample({ turns: { ...sample().turns, last } });
const plain = (columns: number, rows: number, view: 'status' | 'log' = 'status'): string[] =>
  renderWatch(snapshot, { columns, rows, colour: false }, { log: LOG, view });

test('at 200 columns the log stands beside the status, newest lines last, and the keys below', () => {
  const lines = plain(200, 30);
  assert.equal(lines.length, 30);
  assert.match(lines[0] ?? '', /^ razor-mk .* │ {2}last log lines/);
  assert.match(lines[1] ?? '', /^state .* │ 11:06:12 line 12$/);
  assert.match(lines[28] ?? '', / │ 11:06:39 line 39$/);
  assert.match(lines[29] ?? '', /q leaves {3}space looks now {3}l status or log/);
  assert.ok(lines.some((line) => /^reason {4}no policy fits: x/.test(line)));
});

test('a screen of 80 columns shows the log below where there is room, and in place of the status by a key', () => {
  const tall = plain(80, 40);
  const heading = tall.findIndex((line) => line.startsWith(' last log lines'));
  assert.ok(heading > 10, tall.join('\n'));
  assert.match(tall[38] ?? '', /line 39$/);
  assert.ok(!plain(80, 14).some((line) => line.includes('last log lines')));
  const log = plain(80, 14, 'log');
  assert.deepEqual([log.length, log[12]], [14, '11:06:39 line 39']);
});

test('every size is kept to, with colours too, whatever the log holds', () => {
  const log = ['', 'x'.repeat(5000), '\x1b[2Jmoves the cursor', 'ü'.repeat(300)];
  for (const columns of [1, 9, 39, 80, 139, 140, 200])
    for (const rows of [1, 2, 5, 6, 24, 60])
      for (const view of ['status', 'log'] as const) {
        const lines = renderWatch(snapshot, { columns, rows, colour: true }, { log, view });
        assert.equal(lines.length, rows);
        for (const line of lines) {
          // eslint-disable-next-line no-control-regex
          const text = line.replaceAll(/\x1b\[[\d;]*m/g, '');
          assert.ok([...text].length <= columns && !text.includes('\x1b'), `${columns}x${rows}: ${text}`);
        }
      }
});

test('the log’s lines are said with time, level and part; what is not one is left out', async () => {
  const entry = (more: object): string => JSON.stringify({ level: 30, time: '2026-11-22T11:06:01.000Z', ...more });
  const text = [
    '"cut in two"}',
    entry({ msg: 'found' }),
    entry({ level: 40, part: 'http', msg: 'no' }),
    entry({}),
    '',
  ].join('\n');
  assert.deepEqual(logLines(text), ['11:06:01 found', '11:06:01 warn: http: no']);
  const file = join(temporaryDirectory(), 'log');
  writeFileSync(file, `${`${entry({ msg: 'old' })}\n`.repeat(3000)}${entry({ msg: 'new' })}\n`);
  assert.equal((await readLogTail(file)).at(-1), '11:06:01 new');
  assert.deepEqual(await readLogTail('/nonexistent'), []);
});

test('on a terminal the keys do what the page says', async (t) => {
  if (spawnSync('script', ['--version']).status !== 0) return t.skip('script(1) of util-linux is not installed');
  const dir = temporaryDirectory(t);
  const logFile = join(dir, 'log');
  writeFileSync(logFile, `${JSON.stringify({ level: 30, time: '2026-11-22T11:06:01.000Z', msg: 'from the log' })}\n`);
  let asked = 0;
  const server = createServer((_, response) => {
    asked++;
    response.end(JSON.stringify({ ...snapshot, logFile }));
  });
  t.after(() => server.close());
  server.listen(join(dir, 'razor-mk.sock'));
  await once(server, 'listening');
  const line = `${RAZOR_MK.join(' ')} status --watch --interval 60 --state-dir ${dir}`;
  const terminal = openTerminal(line, { NO_COLOR: '1' }, { columns: 80, rows: 12 });
  t.after(() => terminal.close());
  await terminal.shows(/q leaves/);
  assert.ok(!terminal.seen().includes('from the log'));
  await terminal.type('l', /from the log[^]*q leaves/);
  const before = asked;
  await terminal.type(' ', /q leaves/);
  assert.ok(asked > before, 'space looks at once');
  // eslint-disable-next-line no-control-regex
  await terminal.type('q', /\x1b\[\?1049l/);
});
