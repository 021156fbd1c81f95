import assert from 'node:assert/strict';
import { existsSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openRequestLog, requestLine } from '../../../lab/listeners/request-log.ts';
import { startLab } from '../../../lab/lab-server.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const EXCHANGE = {
  at: 0,
  listener: 'nodes',
  from: '127.0.0.1',
  method: 'GET',
  url: '/',
  requestHeaders: {},
  requestBody: '',
  status: 200,
  replyHeaders: {},
  replyBody: '',
  durationMs: 1,
} as const;

describe('the log of requests', () => {
  it('has a line for each request of nodes, quick check-ins too, and none of people', async () => {
    const dir = temporaryDirectory();
    const path = join(dir, 'requests.log');
    const log = openRequestLog(path, assert.fail);
    const lab = await startLab({
      ports: { nodes: 0, images: 0, people: 0, razorServer: 0 },
      onRequest: (exchange) => log.add(exchange),
    });
    const headers = { 'user-agent': 'iPXE/1.21.1 (test)' };
    const get = async (url: string): Promise<string> => await (await fetch(url, { headers })).text();
    try {
      await get(`${lab.nodesUrl}/razor/api/boot?hw_id=52%3A54%3A00%3A00%3A00%3A01`);
      await get(`${lab.nodesUrl}/razor/api/node/checkin?hw_id=525400000001&last_state=idle`);
      await get(`${lab.imagesUrl}/razor/image/mk/none/kernel`);
      await get(`${lab.razorServerUrl ?? ''}/svc/nodeid?net0=52-54-00-00-00-01`);
      await get(`${lab.peopleUrl}/api/nodes`);
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
      assert.deepEqual(
        lines.map((line) => / (GET \S+ \d+) /.exec(line)?.[1]),
        [
          'GET /razor/api/boot?hw_id=52%3A54%3A00%3A00%3A00%3A01 200',
          'GET /razor/api/node/checkin?hw_id=525400000001&last_state=idle 200',
          'GET /razor/image/mk/none/kernel 404',
          'GET /svc/nodeid?net0=52-54-00-00-00-01 200',
        ],
      );
      for (const line of lines)
        assert.match(
          line,
          /^\d{4}-\d\d-\d\dT[\d:.]{12}Z 127\.0\.0\.1 GET .* \d+ bytes \d+ ms iPXE\/1\.21\.1%20\(test\)$/,
        );
      assert.equal(lab.exchanges.list().length, lines.length);
    } finally {
      await lab.close();
      log.close();
    }
  });

  it('is one line whatever a stranger sends', async () => {
    const lines: string[] = [];
    const lab = await startLab({
      ports: { nodes: 0, images: 0, people: 0, razorServer: 0 },
      onRequest: (exchange) => lines.push(requestLine(exchange)),
    });
    try {
      const { port } = new URL(lab.nodesUrl);
      await new Promise<void>((done) => {
        const socket = connect(Number(port), '127.0.0.1', () => {
          socket.write('GET /a HTTP/1.1\r\nHost: a\r\nUser-Agent: \x9b2J\tx\r\nConnection: close\r\n\r\n', 'latin1');
        });
        socket.resume().on('close', () => done());
      });
      assert.equal(lines.length, 1);
      assert.match(lines[0] ?? '', /^[ -~]+$/);
      assert.match(lines[0] ?? '', / GET \/a 404 .* %C2%9B2J%09x$/);
    } finally {
      await lab.close();
    }
  });

  it('goes on after a full disk, in a new file after a rotation, and is read by its owner only', (t) => {
    const dir = temporaryDirectory();
    const path = join(dir, 'requests.log');
    symlinkSync('/dev/full', path);
    let now = 0;
    const reports: string[] = [];
    const log = openRequestLog(
      path,
      (text) => reports.push(text),
      () => now,
    );
    t.after(() => log.close());
    const add = (url: string): void => log.add({ ...EXCHANGE, url });
    for (const url of ['/1', '/2']) add(url);
    assert.match(reports.join('|'), /^requests are not written to .*ENOSPC[^|]*$/, 'reported once');
    rmSync(path);
    add('/3');
    assert.ok(!existsSync(path), 'not tried again at once');
    now += 1000;
    add('/4');
    assert.match(reports[1] ?? '', /are written to .* again; 3 are missing/);
    const urls = (file: string): string[] => readFileSync(file, 'utf8').match(/\/\d(?= 200)/g) ?? [];
    assert.deepEqual(urls(path), ['/4']);
    renameSync(path, `${path}.1`);
    now += 1000;
    add('/5');
    assert.deepEqual([urls(`${path}.1`), urls(path)], [['/4'], ['/5']]);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(reports.length, 2);
  });

  it('names the file that it cannot write', () => {
    assert.throws(() => openRequestLog('/proc/nowhere/requests.log', assert.fail), {
      code: 'RAZOR_MK_FILE_UNWRITABLE',
      message: /\/proc\/nowhere/,
    });
  });
});
