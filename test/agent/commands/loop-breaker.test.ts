import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  createLoopBreaker,
  holdFor,
  loopArgument,
  LOOP_VARIABLE,
  mergeHistories,
  ordinal,
  parseLoopArgument,
} from '../../../agent/commands/loop-breaker.ts';
import { createHttpClient } from '../../../agent/http/http-client.ts';
import { createRegistry } from '../../../agent/commands/command-registry.ts';
import { mountEfiVariables } from '../../../agent/node/boot/efi-variables.ts';
import { openStateStore } from '../../../agent/state/state-store.ts';
import { bench } from '../../helpers/command-bench.ts';
import { fakeClock } from '../../helpers/fake-clock.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

test('the same destructive command again and again is held back, longer each time, and turns go on', async () => {
  const { runtime, request, lines, events, programs } = await bench();
  const clock = fakeClock();
  const offline = { ...runtime, clock, system: { ...runtime.system, live: false } };
  const { store } = request;
  const breaker = createLoopBreaker(offline, { store, limit: 3, windowMs: 1_800_000, efivars: '/nonexistent' });
  const registry = createRegistry([], { breaker });
  const told: string[] = [];
  for (let i = 0; i < 40; i++) {
    told.push((await registry.find('reboot')?.run(offline, request))?.summary ?? '');
    await clock.advance(10_000);
  }
  assert.deepEqual(
    told.slice(0, 3).map((text) => text.startsWith('would restart')),
    [true, true, true],
  );
  assert.match(told[3] ?? '', /held back for 60 s/);
  assert.equal(
    told.findIndex((text, i) => i > 3 && text.startsWith('would restart')),
    9,
    'a minute later it is carried out',
  );
  assert.match(told[10] ?? '', /held back for 120 s/);
  assert.match(lines.join('\n'), /error: reboot for the 4th time: this looks like a loop/);
  const warnings = events.filter((event) => event.event === 'warning').length;
  assert.equal(warnings, 3, 'once each time that it is held back, not with every check-in');
  assert.match(breaker.holding ?? 'nothing is held', /held back/);
  assert.equal(programs.length, told.filter((text) => text.startsWith('would restart')).length);
});

test('the count survives the agent, and an old command does not count', async () => {
  const { runtime, request, dir } = await bench();
  const { store } = request;
  const clock = fakeClock();
  const first = createLoopBreaker({ ...runtime, clock }, { store, limit: 1, efivars: '/nonexistent' });
  assert.equal(first.judge('reboot').holdMs, 0);
  await first.record('reboot');
  const again = createLoopBreaker(
    { ...runtime, clock },
    {
      store: await openStateStore(dir),
      limit: 1,
      efivars: '/nonexistent',
    },
  );
  assert.equal(again.judge('reboot').holdMs, 60_000);
  assert.equal(again.judge('poweroff').holdMs, 0, 'another command is counted by itself');
  await clock.advance(3_600_000);
  const later = createLoopBreaker(
    { ...runtime, clock },
    {
      store: await openStateStore(dir),
      limit: 1,
      efivars: '/nonexistent',
    },
  );
  assert.equal(later.judge('reboot').holdMs, 0);
});

test('across boots it is counted in an EFI variable, with its attributes in front', async () => {
  const { runtime, request } = await bench();
  const { store } = request;
  const efivars = temporaryDirectory();
  const clock = fakeClock();
  const first = createLoopBreaker({ ...runtime, clock }, { store, efivars });
  await first.record('reboot');
  assert.equal(first.kernelParameter, undefined, 'the kernel line is for machines without EFI');
  const bytes = readFileSync(join(efivars, LOOP_VARIABLE));
  assert.deepEqual([...bytes.subarray(0, 4)], [7, 0, 0, 0]);
  const nextBoot = await bench(); // a new state directory: /tmp is gone after a boot
  const after1 = createLoopBreaker(
    { ...nextBoot.runtime, clock },
    { store: nextBoot.request.store, efivars, limit: 1 },
  );
  assert.equal(after1.judge('reboot').count, 2);
  writeFileSync(join(efivars, LOOP_VARIABLE), '\u0007\0\0\0{"reboot":"nonsense"}');
  const third = await bench();
  const after2 = createLoopBreaker({ ...third.runtime, clock }, { store: third.request.store, efivars, limit: 1 });
  assert.equal(after2.judge('reboot').count, 1, 'a bad variable is none');
});

test('the variables of the firmware are read when they are needed: the boot sequence mounts them after the agent started', async () => {
  const { runtime, request } = await bench();
  const { store } = request;
  const efivars = temporaryDirectory();
  const clock = fakeClock();
  const breaker = createLoopBreaker({ ...runtime, clock }, { store, efivars, limit: 1 });
  const nowS = Math.round(clock.wall().getTime() / 1000);
  const value = JSON.stringify({ reboot: [nowS - 60] });
  writeFileSync(join(efivars, LOOP_VARIABLE), Buffer.concat([Buffer.from([7, 0, 0, 0]), Buffer.from(value)]));
  assert.equal(breaker.judge('reboot').count, 2);
});

test('kexec hands the count to the next kernel where there is no EFI, in front of the server’s own words', async () => {
  const server = createServer((_request, response) => response.end('a kernel'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const kernel = `http://127.0.0.1:${(server.address() as AddressInfo).port}/vmlinuz`;
    const { runtime, request, programs } = await bench({ kernel, cmdline: 'quiet --- priority=low' });
    const breaker = createLoopBreaker(runtime, { store: request.store, efivars: '/nonexistent' });
    const kexec = { openFiles: () => Promise.resolve(createHttpClient()) };
    await createRegistry([], { breaker, kexec }).find('kexec')?.run(runtime, request);
    const nowS = Math.round(runtime.clock.wall().getTime() / 1000);
    assert.equal(programs[0]?.at(-1), `--command-line=razor.loop=kexec:${nowS} quiet --- priority=low`);
  } finally {
    server.close();
  }
});

test('a live node makes the firmware’s variables readable when it boots, once', async () => {
  const { runtime, programs } = await bench();
  const root = temporaryDirectory();
  assert.match(await mountEfiVariables(runtime.system, root), /BIOS/);
  const directory = join(root, 'sys/firmware/efi/efivars');
  mkdirSync(join(root, 'sys/firmware/efi'), { recursive: true });
  await assert.rejects(mountEfiVariables(runtime.system, root), /runtime services/);
  mkdirSync(directory);
  await mountEfiVariables(runtime.system, root);
  assert.deepEqual(programs, [['mount', '-t', 'efivarfs', 'efivarfs', directory]]);
  writeFileSync(join(directory, LOOP_VARIABLE), '');
  await mountEfiVariables(runtime.system, root);
  assert.equal(programs.length, 1);
  const broken = await bench({}, { status: () => 1 });
  rmSync(join(directory, LOOP_VARIABLE));
  await assert.rejects(mountEfiVariables(broken.runtime.system, root), /mount: no/);
});

test('the kernel argument carries the count where there is no EFI', async () => {
  const history = parseLoopArgument('reboot:1795000000,1795000060;kexec:1795000001;Bad:1;x:y');
  assert.deepEqual(history, { reboot: [1795000000, 1795000060], kexec: [1795000001] });
  assert.equal(loopArgument(history), 'reboot:1795000000,1795000060;kexec:1795000001');
  const { runtime, request } = await bench();
  const { store } = request;
  const breaker = createLoopBreaker(
    { ...runtime, clock: fakeClock() },
    {
      store,
      limit: 2,
      kernelArgument: loopArgument(history),
      efivars: '/nonexistent',
    },
  );
  assert.deepEqual([breaker.judge('reboot').count, breaker.judge('reboot').holdMs], [3, 60_000]);
  assert.deepEqual([1, 2, 3, 4, 11, 12, 13, 21, 22].map(ordinal).join(' '), '1st 2nd 3rd 4th 11th 12th 13th 21st 22nd');
  assert.deepEqual(mergeHistories({ a: [1, 2] }, { a: [2, 3] }), { a: [1, 2, 3] });
  assert.deepEqual(mergeHistories({ a: [1, 1, 2] }, { a: [1, 2, 2] }), { a: [1, 1, 2, 2] });
  assert.deepEqual([holdFor(5, 5), holdFor(6, 5), holdFor(7, 5), holdFor(50, 5)], [0, 60_000, 120_000, 1_800_000]);
});

test('an agent that dies with each reboot counts each of them, and a hold goes on where the last agent left it', async () => {
  const { runtime, request, dir } = await bench();
  const clock = fakeClock();
  const open = async () =>
    createLoopBreaker({ ...runtime, clock }, { store: await openStateStore(dir), limit: 5, efivars: '/nonexistent' });
  // all in one wall second: a supervisor starts the agent again at once
  for (let count = 1; count <= 5; count++) {
    const breaker = await open();
    assert.deepEqual([breaker.judge('reboot').count, breaker.judge('reboot').holdMs], [count, 0]);
    await breaker.record('reboot');
  }
  assert.deepEqual((await open()).judge('reboot'), { holdMs: 60_000, count: 6, begins: true });
  await clock.advance(40_000);
  assert.deepEqual((await open()).judge('reboot'), { holdMs: 20_000, count: 6, begins: false });
  await clock.advance(20_000);
  assert.equal((await open()).judge('reboot').holdMs, 0, 'the minute is over, whoever waited');
  assert.equal((await open()).judge('reboot').holdMs, 60_000, 'and is not forgiven twice');
  request.store.setNote('holds', { reboot: { until: 9e12, count: 6 } });
  assert.equal((await open()).judge('reboot').holdMs, 60_000, 'a clock that was set does not make it longer');
});
