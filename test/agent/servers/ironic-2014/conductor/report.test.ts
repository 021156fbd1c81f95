import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  passBootloaderInfo,
  passDeployInfo,
  type ReportOptions,
} from '../../../../../agent/servers/ironic-2014/conductor/report.ts';
import { KEY, NODE, scriptedApi, type Answer, type Api } from '../../../../helpers/deploy-bench.ts';
import { fakeClock, type FakeClock } from '../../../../helpers/fake-clock.ts';

const INFO = { address: '192.0.2.4', key: KEY, iqn: `iqn-${NODE}`, error: '' };
const HOUR = 3_600_000;

interface Attempt {
  readonly api: Api;
  readonly clock: FakeClock;
  readonly told: string[];
  readonly ended: Promise<void>;
}

/** Tells the conductor, and lets hours go by. */
async function attempt(answers: readonly Answer[], extra: Partial<ReportOptions> = {}): Promise<Attempt> {
  const api = scriptedApi(answers);
  const clock = fakeClock([0.5]);
  const told: string[] = [];
  const options: ReportOptions = {
    http: api,
    clock,
    apiUrl: 'http://192.0.2.1:6385',
    versionPrefix: '/v1',
    deploymentId: NODE,
    token: undefined,
    onRetry: (why, ms) => told.push(`${why} ${ms}`),
    ...extra,
  };
  const ended = passDeployInfo(options, INFO);
  ended.catch(() => undefined);
  await clock.advance(HOUR);
  return { api, clock, told, ended };
}

test('the request is the one that the original sent, to /v1 or without it', async () => {
  const { api, ended } = await attempt([202], { token: 'tok-1' });
  await ended;
  const [request] = api.requests;
  assert.equal(request?.url, `http://192.0.2.1:6385/v1/nodes/${NODE}/vendor_passthru/pass_deploy_info`);
  assert.equal(request.headers?.['x-auth-token'], 'tok-1');
  assert.equal(request.headers['accept'], 'application/json');
  assert.equal(request.headers['content-type'], 'application/json');
  assert.deepEqual(JSON.parse(request.body ?? ''), INFO);
  const old = await attempt([202], { versionPrefix: '' });
  assert.equal(old.api.requests[0]?.url, `http://192.0.2.1:6385/nodes/${NODE}/vendor_passthru/pass_deploy_info`);
  assert.equal('x-auth-token' in (old.api.requests[0]?.headers ?? {}), false);
});

test('a URL that ends in a version, as the catalogue of 2014 has it, gets no second one', async () => {
  const urls: [apiUrl: string, base: string][] = [
    ['http://192.0.2.1:6385/v1', 'http://192.0.2.1:6385/v1'],
    ['http://192.0.2.1:6385/v1/', 'http://192.0.2.1:6385/v1'],
    ['http://192.0.2.1/baremetal', 'http://192.0.2.1/baremetal/v1'],
    ['http://192.0.2.1/baremetal/v1', 'http://192.0.2.1/baremetal/v1'],
  ];
  for (const [apiUrl, base] of urls) {
    const { api, ended } = await attempt([202], { apiUrl });
    await ended;
    assert.equal(api.requests[0]?.url, `${base}/nodes/${NODE}/vendor_passthru/pass_deploy_info`);
  }
});

test('a locked node (409), no free worker (503), a broken server and a broken line are tried again, farther and farther apart', async () => {
  const { api, clock, told, ended } = await attempt([409, 503, 500, 'gone', 502, 202]);
  await ended;
  assert.equal(api.requests.length, 6);
  assert.equal(new Set(api.requests.map(({ body }) => body)).size, 1, 'the same each time');
  assert.deepEqual(
    [...clock.slept],
    [...clock.slept].sort((a, b) => a - b),
  );
  assert.ok(
    clock.slept.every((ms) => ms >= 500 && ms <= 45_000),
    String(clock.slept),
  );
  assert.match(told.join('\n'), /HTTP 409[\s\S]*HTTP 503[\s\S]*HTTP 500[\s\S]*connection refused[\s\S]*HTTP 502/);
});

test('Retry-After is kept to: seconds, a date; but nobody is waited for longer than two minutes', async () => {
  const busy = (value: string): Answer => ({
    status: 503,
    headers: { 'retry-after': value, date: 'Sun, 22 Nov 2026 10:00:00 GMT' },
  });
  const { clock, ended } = await attempt([
    busy('7'),
    busy('Sun, 22 Nov 2026 10:00:40 GMT'),
    busy('7200'),
    busy('0'),
    202,
  ]);
  await ended;
  assert.deepEqual([...clock.slept], [7000, 40_000, 120_000, 500]);
});

test('every other answer of 3xx and 4xx is final, and says what the conductor said', async () => {
  for (const status of [302, 400, 401, 403, 404, 405]) {
    const inner = JSON.stringify({ debuginfo: null, faultcode: 'Client', faultstring: `no, says ${status}` });
    const { api, ended } = await attempt([{ status, body: JSON.stringify({ error_message: inner }) }]);
    await assert.rejects(ended, {
      code: 'RAZOR_MK_DEPLOY',
      message: `the conductor refused pass_deploy_info: HTTP ${status}: no, says ${status}`,
    });
    assert.equal(api.requests.length, 1);
  }
});

test('a dead API ends the work in bounded time', async () => {
  const { api, clock, ended } = await attempt(['gone']);
  await assert.rejects(ended, { message: 'pass_deploy_info was tried 20 times: connection refused' });
  assert.equal(api.requests.length, 20);
  assert.ok(clock.slept.reduce((sum, ms) => sum + ms, 0) < HOUR);
});

test('an error text with newlines, quotes and control characters goes out as JSON on one line', async () => {
  const error = 'mount: "x"\n\tfailed \\ \u0000\u001b[31m at ’here’';
  const api = scriptedApi([202]);
  const options = { http: api, clock: fakeClock(), apiUrl: 'http://a', versionPrefix: '/v1', deploymentId: NODE };
  await passBootloaderInfo(
    { ...options, token: undefined },
    { address: '192.0.2.4', key: KEY, status: 'FAILED', error },
  );
  const raw = api.requests[0]?.body ?? '';
  assert.doesNotMatch(raw, /\p{Cc}/u);
  assert.deepEqual(JSON.parse(raw), {
    address: '192.0.2.4',
    key: KEY,
    status: 'FAILED',
    error: 'mount: "x" failed \\  [31m at ’here’',
  });
  assert.equal(Buffer.byteLength(raw), Number(api.requests[0]?.headers?.['content-length']));
});
