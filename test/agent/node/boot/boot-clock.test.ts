import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { test, type TestContext } from 'node:test';
import type { Runtime } from '../../../../agent/loop/runtime.ts';
import { setClock, type ClockOptions } from '../../../../agent/node/boot/boot-clock.ts';
import { silentLog } from '../../../../platform/log/log.ts';
import type { System } from '../../../../platform/system.ts';
import { fakeClock } from '../../../helpers/fake-clock.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

function bench(options: Partial<ClockOptions> = {}) {
  const clock = fakeClock();
  const stop = new AbortController();
  const [steps, warnings, asked]: [string[], string[], string[]] = [[], [], []];
  const runtime = {
    clock,
    log: { ...silentLog, warn: (text: string) => void warnings.push(text) },
    emit: ({ name, state, note }: { name: string; state: string; note: string }) =>
      void steps.push(`${name} ${state} ${note}`),
    system: { live: false, run: async () => ({ status: 0 }), change: async () => undefined } as unknown as System,
    signal: stop.signal,
  } as unknown as Runtime;
  const whole: ClockOptions = {
    cmdline: '',
    ntp: [],
    resolve: async (name) => void asked.push(name) as undefined,
    root: temporaryDirectory(),
    ...options,
  };
  return { set: () => setClock(runtime, whole), clock, steps, warnings, asked, stop };
}

/** An NTP server on a free port, `offsetMs` ahead. */
async function ntpServer(t: TestContext, offsetMs: number): Promise<number> {
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  const stamp = (at: Buffer, place: number): void => {
    const ms = Date.now() + offsetMs;
    at.writeUInt32BE(Math.floor(ms / 1000) + 2_208_988_800, place);
    at.writeUInt32BE(Math.floor(((ms % 1000) / 1000) * 2 ** 32), place + 4);
  };
  socket.on('message', (request, { port, address }) => {
    const answer = Buffer.alloc(48);
    answer[0] = 0x24;
    answer[1] = 2;
    request.copy(answer, 24, 40, 48);
    stamp(answer, 32);
    stamp(answer, 40);
    socket.send(answer, port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return socket.address().port;
}

test('without a server nobody is asked', async () => {
  const { set, steps } = bench();
  await set();
  assert.deepEqual(steps, ['clock skipped no NTP server is named']);
});

test('the first server that answers counts, those of the settings before those of the kernel line', async (t) => {
  const ntpPort = await ntpServer(t, 0);
  const cmdline = 'ip=192.0.2.5::192.0.2.1:255.255.255.0::eth0:none:::127.0.0.1';
  const { set, steps, asked } = bench({ ntp: ['time.example'], cmdline, ntpPort });
  await set();
  assert.deepEqual(asked, ['time.example']);
  assert.equal(steps[0], 'clock running ');
  assert.match(steps[1] ?? '', /^clock done right within -?0\.\d{3} s, says 127\.0\.0\.1$/);
});

test('where none answers it goes on in the background, ever more seldom, until one does', async (t) => {
  const found: string[] = [];
  const ntpPort = await ntpServer(t, 0);
  const { set, steps, warnings, clock } = bench({ ntp: ['time.example'], ntpPort, resolve: async () => found[0] });
  await set();
  assert.deepEqual(steps, ['clock running ', 'clock failed time.example has no address']);
  assert.deepEqual(warnings, ['clock: time.example has no address; it is tried again in the background']);
  for (let round = 0; round < 8; round++) {
    await clock.whenAsleep();
    await clock.advance(clock.slept.at(-1) ?? 0);
  }
  await clock.whenAsleep();
  assert.deepEqual(
    clock.slept,
    [10, 20, 40, 80, 160, 320, 600, 600, 600].map((seconds) => seconds * 1000),
  );
  found.push('127.0.0.1');
  await clock.advance(600_000);
  while (steps.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.match(steps[2] ?? '', /^clock done right within .* says time\.example$/);
});

test('a node that stops asks no more', async () => {
  const { set, clock, asked, stop } = bench({ ntp: ['a.example', 'b.example'] });
  await set();
  assert.deepEqual(asked, ['a.example', 'b.example']);
  await clock.whenAsleep();
  stop.abort(new Error('stopped'));
  await clock.advance(60_000);
  assert.equal(asked.length, 2);
});
