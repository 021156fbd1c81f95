import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderMetrics } from '../../../agent/status/metrics.ts';
import { duration } from '../../../agent/status/status-lines.ts';
import { renderPage } from '../../../agent/status/status-page.ts';
import { sample } from './sample.ts';
import { until } from '../../helpers/until.ts';
import { RAZOR_MK } from '../../helpers/razor-mk.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const failing = sample({
  state: 'error: GET http://10.0.0.1:8026/x: connection refused',
  turns: { ...sample().turns, failedInARow: 3 },
  problems: [
    {
      at: '',
      code: 'RAZOR_MK_HTTP',
      message: 'connection refused: nothing listens there',
      remedy: 'Check address and port.',
      times: 3,
    },
  ],
});

test('at 80x24 the page fills the screen and says state, server, last and next turn', () => {
  const lines = renderPage(sample(), { columns: 80, rows: 24, colour: false });
  assert.equal(lines.length, 24);
  for (const line of lines) assert.ok([...line].length <= 80, line);
  const text = lines.join('\n');
  for (const part of [
    'razor-mk 0.1.0',
    'waiting: the next turn',
    'http://10.0.0.1:8026, found by kernel line razor.ip',
    '11:06:01: the server said acknowledge',
    'in 31 s',
    '80 MiB resident',
    'checkin_interval = 60 (pushed)',
    'eth0 10.0.0.7',
  ])
    assert.ok(text.includes(part), `${part} in\n${text}`);
  assert.doesNotMatch(text, /port = 0/, 'what is built in is not worth a line');
});

test('at 40x10 the important lines are left, in their order, none wider than the screen', () => {
  const lines = renderPage(failing, { columns: 40, rows: 10, colour: false });
  assert.equal(lines.length, 10);
  for (const line of lines) assert.ok([...line].length <= 40, line);
  const labels = lines.map((line) => line.slice(0, 9).trim());
  for (const label of ['state', 'server', 'last turn', 'problem', 'remedy'])
    assert.ok(labels.includes(label), labels.join('|'));
  assert.ok(labels.indexOf('state') < labels.indexOf('server'));
  assert.ok(lines.some((line) => line.endsWith('…')));
});

test('a long problem and its remedy go on below where there is room, and are cut with a sign where there is none', () => {
  const message = `GET http://10.0.0.1:8026/razor/api/node/checkin: ${'the server said no '.repeat(8)}END`;
  const problem = { at: '', code: 'RAZOR_MK_HTTP', message, remedy: 'Check this.', times: 1 };
  const long = sample({ turns: { ...sample().turns, failedInARow: 1 }, problems: [problem] });
  const page = renderPage(long, { columns: 80, rows: 24, colour: false });
  const told = page.map((line) => line.slice(10)).join(' ');
  assert.ok(told.replaceAll(/\s+/g, ' ').includes(message), page.join('\n'));
  assert.ok(page.findIndex((line) => line.startsWith('problem')) < page.findIndex((line) => line.startsWith('server')));
  const small = renderPage(long, { columns: 80, rows: 5, colour: false });
  assert.equal(small.length, 5);
  assert.match(small.filter((line) => /problem|^ {10}/.test(line)).at(-1) ?? '', /…$/);
});

test('every size from 1x1 to 200x60 is kept to, with colours too', () => {
  for (const columns of [1, 2, 9, 10, 39, 80, 200]) {
    for (const rows of [1, 2, 5, 24, 60]) {
      const lines = renderPage(failing, { columns, rows, colour: true });
      assert.equal(lines.length, rows);
      // eslint-disable-next-line no-control-regex
      for (const line of lines) assert.ok([...line.replaceAll(/\x1b\[[\d;]*m/g, '')].length <= columns);
    }
  }
});

test('what a server sent cannot move the cursor', () => {
  const evil = sample({ state: 'x\x1b[2J\x9b2Jy\rz\nw', unknownCommands: ['\x1b]0;title\x07'] });
  const text = renderPage(evil, { columns: 80, rows: 24, colour: false }).join('');
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(text, /[\x00-\x1f\x7f-\x9f]/);
});

test('without a terminal there are as many lines as it takes', () => {
  const lines = renderPage(sample(), { columns: 1000, rows: undefined, colour: false });
  assert.ok(lines.length > 10 && lines.every((line) => line !== ''));
});

test('durations are said in the unit that a person thinks in', () => {
  assert.deepEqual([5000, 119_000, 600_000, 8 * 3_600_000 + 1_200_000, 200 * 3_600_000].map(duration), [
    '5 s',
    '119 s',
    '10 min',
    '8 h 20 min',
    '8 d 8 h',
  ]);
});

test('the metrics are Prometheus text: each sample has its HELP and TYPE, and labels are escaped', () => {
  const text = renderMetrics(sample());
  assert.ok(text.endsWith('\n'));
  const typed = new Map<string, string>();
  const values = new Map<string, number>();
  for (const line of text.trimEnd().split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line);
    if (comment) {
      if (comment[1] === 'TYPE') typed.set(comment[2] as string, comment[3] as string);
      continue;
    }
    const metric = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+\})? (-?\d+(?:\.\d+)?(?:e-?\d+)?)$/.exec(line);
    assert.ok(metric, line);
    const name = metric[1] as string;
    // as promtool has it: _sum and _count belong to a summary, and a counter ends in _total
    const summary = /^(.*)_(?:sum|count)$/.exec(name)?.[1];
    const type = typed.get(summary ?? name) ?? 'no TYPE';
    assert.equal(type, summary === undefined ? (name.endsWith('_total') ? 'counter' : 'gauge') : 'summary', line);
    values.set(`${metric[1]}${metric[2] ?? ''}`, Number(metric[3]));
  }
  assert.equal(values.get('razor_mk_checkins_total'), 66);
  assert.equal(values.get('razor_mk_errors_total{code="RAZOR_MK_HTTP"}'), 4);
  assert.equal(values.get('razor_mk_commands_total{command="odd\\"name\\\\"}'), 2);
  assert.equal(values.get('process_cpu_seconds_total'), 3.25);
  assert.equal(values.get('razor_mk_syslog_lines_dropped_total'), 3);
});

test('on a terminal the page is full screen and follows a resize', async (t) => {
  if (spawnSync('script', ['--version']).status !== 0) return t.skip('script(1) of util-linux is not installed');
  const dir = temporaryDirectory();
  const server = createServer((_, response) => response.end(JSON.stringify(sample())));
  t.after(() => server.close());
  server.listen(join(dir, 'razor-mk.sock'));
  await once(server, 'listening');
  // the terminal is small at first; a shell beside the program makes it larger, and ends it, when the files appear
  const wait = (file: string): string => `while [ ! -e ${join(dir, file)} ]; do sleep 0.1; done`;
  const beside = `${wait('grow')}; stty cols 100 rows 30 < $T; ${wait('end')}; kill -TERM $$`;
  const program = `exec ${RAZOR_MK.join(' ')} status --watch --interval 60 --state-dir ${dir}`;
  const child = spawn('script', ['-qec', `stty cols 40 rows 10; T=$(tty); (${beside}) & ${program}`, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, NO_COLOR: '1', TERM: 'linux', SHELL: '/bin/sh' },
  });
  t.after(() => child.kill());
  let seen = '';
  const frames = (): string[] =>
    seen
      .split('\x1b[H')
      .slice(1)
      .filter((text) => text.includes('\x1b[J'));
  child.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
  const whenFrames = async (count: number, file: string): Promise<void> => {
    await until(`frame ${count}`, () => frames().length >= count, 20_000);
    writeFileSync(join(dir, file), '');
  };
  await whenFrames(1, 'grow');
  await whenFrames(2, 'end');
  await once(child, 'close');
  const sizes = frames().map((text) => text.split('\x1b[J')[0]?.split('\r\n').length);
  assert.equal(sizes[0], 10, `frames of ${sizes.join(', ')} lines`);
  assert.equal(sizes.at(-1), 30, `frames of ${sizes.join(', ')} lines`);
  assert.ok(seen.includes('\x1b[?1049h') && seen.includes('\x1b[?1049l'), 'the screen is given back');
});
