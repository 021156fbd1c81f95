/** Seeded random replies and configurations through the parsers: none may throw anything but a RazorMkError, or take long. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { diffPushed, examinePushed } from '../../agent/config/pushed.ts';
import { resolveAgentSettings } from '../../agent/config/resolve.ts';
import { SERVERS } from '../../agent/servers/registry.ts';
import { parseCommandLine } from '../../platform/kernel-line.ts';
import { parseNextServer } from '../../agent/discovery/next-server.ts';
import { parseResolvConf } from '../../platform/resolv-conf.ts';
import { readState } from '../../agent/state/state-store.ts';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { machine } from './agent-parts.ts';

const identity = machine().identity;
const KEYS = [
  'errcode',
  'response',
  'command_name',
  'command_param',
  'client_config',
  'result',
  'action',
  'id',
  'error',
  '__proto__',
  'code',
  'type',
  'description',
];
const MK_KEYS = [
  'mk_uri',
  'mk_checkin_interval',
  'mk_checkin_skew',
  'mk_fact_excl_pattern',
  'mk_log_level',
  'mk_checkin_path',
  'mk_register_path',
  'mk_tce_mirror_port',
  'mk_tce_mirror_uri',
  'mk_gem_mirror_uri',
  'mk_own',
  '__proto__',
  'constructor',
];

const words = fc.constantFrom(
  'acknowledge',
  'register',
  'reboot',
  'none',
  'Logger::ERROR',
  'http://10.0.0.1:8026',
  '(^a.*$)|(b',
  '/razor/api',
  '-1',
  '60',
  '',
);
const scalar = fc.oneof(
  fc.constantFrom(0, 1, -1, 60, 1e9, 1e308, Number.MAX_SAFE_INTEGER),
  fc.boolean(),
  fc.constant(null),
  words,
  fc.string({ unit: 'binary' }),
  fc.double(),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), fc.string()), tie('value'), { maxKeys: 6 }),
  ),
}));
const config = fc.dictionary(fc.oneof(fc.constantFrom(...MK_KEYS), fc.string()), fc.oneof(scalar, value), {
  maxKeys: 14,
});
/** Half of them are right but for one thing, so that the parsers are gone through to their ends. */
const reply = fc.oneof(
  value,
  fc.record({
    errcode: fc.oneof({ weight: 5, arbitrary: fc.constant(0 as unknown) }, { weight: 1, arbitrary: scalar }),
    response: fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ command_name: fc.oneof(words, scalar), command_param: value }) as fc.Arbitrary<unknown>,
      },
      { weight: 1, arbitrary: value },
    ),
    client_config: fc.oneof({ weight: 3, arbitrary: config as fc.Arbitrary<unknown> }, { weight: 1, arbitrary: value }),
  }),
);
const body = fc.oneof(
  { weight: 6, arbitrary: reply.map((one) => JSON.stringify(one) ?? '') },
  { weight: 1, arbitrary: fc.tuple(reply, fc.nat(200)).map(([one, at]) => (JSON.stringify(one) ?? '').slice(0, at)) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
);
const status = fc.constantFrom(200, 200, 200, 201, 204, 400, 404, 500, 999);
const type = fc.constantFrom('application/json', 'application/json; charset=utf-8', 'text/html', '');
const bytes = fc.uint8Array({ maxLength: 400 });

async function tolerated(action: () => unknown): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof RazorMkError)) throw error;
    assert.ok(error.message.length < 2000, 'messages are bounded');
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(error.message, /[\u0000-\u0008\u001b]/, 'and cannot control a terminal');
  }
}

/** Runs `runs` random cases through every parser of what others send or write. */
export async function randomReplies(runs: number, seed: number): Promise<void> {
  const property = fc.asyncProperty(body, status, type, config, bytes, async (text, code, contentType, pushed, raw) => {
    const started = performance.now();
    for (const { turns, openDialect } of SERVERS) {
      if (turns?.asksServer !== true || openDialect === undefined) continue;
      const dialect = await openDialect({
        serverUrl: turns.registers ? 'http://10.0.0.1:8026' : 'http://10.0.0.1:8150/svc/checkin/1',
        kernel: parseCommandLine(''),
        exchange: () => Promise.resolve({ status: code, headers: { 'content-type': contentType }, body: text }),
      });
      const report = { identity, facts: { a: 'b' }, firstCheckin: false, lastState: 'idle' };
      await tolerated(async () => {
        const { command, clientConfig } = await dialect.checkin(report);
        assert.equal(typeof command.name, 'string');
        assert.ok(command.name.length > 0 && command.name.length <= 200);
        assert.ok(clientConfig === undefined || (typeof clientConfig === 'object' && !Array.isArray(clientConfig)));
      });
      await tolerated(() => dialect.register(report));
    }
    const { accepted, refused } = examinePushed(pushed, {}, 'http://10.0.0.1:8026');
    assert.equal(Object.keys(accepted).length + refused.length, Object.keys(pushed).length);
    diffPushed({}, accepted);
    const { values } = resolveAgentSettings({ pushed: accepted, file: pushed, environment: {} });
    assert.ok(values.checkinInterval >= 0.1 && values.checkinInterval <= 86_400);
    assert.match(values.logLevel, /^(debug|info|warn|error|fatal)$/);
    parseCommandLine(raw).value('razor.ip');
    parseNextServer(raw);
    parseResolvConf(Buffer.from(raw).toString('latin1'));
    await readState(Buffer.from(raw).toString('latin1')).catch((error: unknown) => assert.ok(error instanceof Error));
    assert.ok(performance.now() - started < 2000, 'in bounded time');
  });
  await fc.assert(property, { numRuns: runs, seed, interruptAfterTimeLimit: 600_000 });
  assert.equal(({} as Record<string, unknown>)['x'], undefined, 'no prototype was polluted');
}
