import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInsteadOfTurns } from '../../../../agent/servers/start-job.ts';
import { discoverIronic } from '../../../../agent/servers/ironic/discover-ironic.ts';
import { IRONIC } from '../../../../agent/servers/ironic/ironic-descriptor.ts';
import { ironicParameters } from '../../../../agent/servers/ironic/ironic-parameters.ts';
import { parseCommandLine } from '../../../../platform/kernel-line.ts';
import type { Settings } from '../../../../agent/config/settings.ts';
import type { AgentEvent } from '../../../../agent/loop/events.ts';
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import { silentLog } from '../../../../platform/log/log.ts';
import { fakeClock } from '../../../helpers/fake-clock.ts';
import { rememberingSystem } from '../../../helpers/ironic-agent.ts';
import { makeTree } from '../../../helpers/tree.ts';

const read = (line: string) => ironicParameters(parseCommandLine(line));

test('a kernel line as Ironic’s iPXE interface writes it is read with the defaults of ironic-python-agent', () => {
  const line =
    'selinux=0 troubleshoot=0 text nofb nomodeset vga=normal ipa-debug=1 ipa-api-url=http://10.0.0.1:6385/ ipa-global-request-id=req-1 BOOTIF=52:54:00:AA:BB:CC initrd=deploy_ramdisk';
  const parameters = read(line);
  assert.deepEqual(parameters.apiUrls, ['http://10.0.0.1:6385']);
  assert.deepEqual(parameters.callbackUrls, []);
  assert.equal(parameters.bootMac, '52:54:00:aa:bb:cc');
  assert.equal(parameters.globalRequestId, 'req-1');
  assert.deepEqual(
    [parameters.lookupTimeoutMs, parameters.lookupIntervalMs, parameters.httpTimeoutMs],
    [600_000, 1000, 30_000],
  );
  assert.deepEqual([parameters.curve, parameters.minTls, parameters.insecure], ['secp384r1', 'TLSv1.2', false]);
  assert.deepEqual(parameters.notes, []);
});

test('the last of doubled words counts, BOOTIF of PXELINUX loses its prefix, lists keep their order', () => {
  const parameters = read(
    'ipa-api-url=http://a ipa-api-url=https://b:1/x/,http://c ipa-inspection-callback-url=http://d/1,http://e/2 BOOTIF=01-52-54-00-aa-bb-cc ipa-insecure=1 ipa-ironic-api-version=1.68',
  );
  assert.deepEqual(parameters.apiUrls, ['https://b:1/x', 'http://c']);
  assert.deepEqual(parameters.callbackUrls, ['http://d/1', 'http://e/2']);
  assert.deepEqual([parameters.bootMac, parameters.bootif], ['52:54:00:aa:bb:cc', '01-52-54-00-aa-bb-cc']);
  assert.deepEqual([parameters.insecure, parameters.apiVersion], [true, 68]);
});

test('collectors without a callback ask for an inspection at the API itself', () => {
  assert.deepEqual(read('ipa-api-url=http://a/ ipa-inspection-collectors=default').callbackUrls, [
    'http://a/v1/continue_inspection',
  ]);
});

test('what cannot be used is noted, and its default counts', () => {
  const parameters = read(
    'ipa-api-url=ftp://a,http://b ipa-listen-port=99999 ipa-lookup-timeout=soon ipa-tls-certificate-curve=p1 ipa-advertise-host=name',
  );
  assert.deepEqual(parameters.apiUrls, ['http://b']);
  assert.deepEqual(
    [parameters.lookupTimeoutMs, parameters.curve, parameters.advertiseHost],
    [600_000, 'secp384r1', undefined],
  );
  assert.equal(parameters.notes.length, 5);
});

test('discovery has the API first, and an inspection’s URL where there is none', () => {
  const both = discoverIronic(parseCommandLine('ipa-api-url=http://a ipa-inspection-callback-url=http://b/c'));
  assert.deepEqual(
    both.candidates.map(({ url }) => url),
    ['http://a'],
  );
  const one = discoverIronic(parseCommandLine('ipa-inspection-callback-url=http://b/c'));
  assert.deepEqual(
    one.candidates.map(({ url, source }) => [url, source]),
    [['http://b/c', 'kernel line ipa-inspection-callback-url']],
  );
  assert.throws(() => discoverIronic(parseCommandLine('ipa-api-url=mdns')), {
    code: 'RAZOR_MK_NO_SERVER',
    message: /mDNS/,
  });
});

test('a node whose kernel line names two servers says so on the console, again and again, and can be asked for its status', async () => {
  const clock = fakeClock();
  const stop = new AbortController();
  const [said, events, opened]: [string[], AgentEvent[], string[]] = [[], [], []];
  const undecided = new RazorMkError('RAZOR_MK_DIALECT', 'the kernel line names 2 servers');
  const done = runInsteadOfTurns({
    clock,
    log: silentLog,
    emit: (event) => void events.push(event),
    system: rememberingSystem(),
    say: (line) => void said.push(line),
    stateDir: '/nowhere',
    logDir: '/nowhere',
    signal: stop.signal,
    setup: { undecided } as never,
    settings: { values: {} } as never,
    node: {
      open: () => Promise.resolve(void opened.push('open')),
      close: () => Promise.resolve(void opened.push('close')),
    } as never,
  });
  await clock.advance(125_000);
  assert.deepEqual(opened, ['open']);
  assert.equal(said.length, 3);
  assert.match(
    said[0] ?? '',
    /the kernel line names 2 servers\. Give razor\.dialect=NAME .*Nothing is done until then/,
  );
  assert.ok(events.some((event) => event.event === 'error' && event.code === 'RAZOR_MK_DIALECT'));
  stop.abort(new Error('enough'));
  assert.equal(await done, 78);
  assert.deepEqual(opened, ['open', 'close']);
});

test('the token and the site key of a Razor server are not for Ironic, nor for where its images are', async (t) => {
  const stop = new AbortController();
  const seen: { token: string; siteKey: string }[] = [];
  const root = makeTree(t, { state: '' });
  const done = runInsteadOfTurns({
    clock: fakeClock(),
    log: silentLog,
    emit: () => undefined,
    system: rememberingSystem(false),
    say: () => undefined,
    stateDir: root,
    logDir: root,
    signal: stop.signal,
    setup: {
      descriptor: IRONIC,
      kernel: parseCommandLine('ipa-api-url=http://127.0.0.1:1'),
      openHttp(settings: Settings) {
        seen.push(settings);
        stop.abort(new Error('enough'));
        return Promise.reject(new Error('no more'));
      },
    } as never,
    settings: { values: { dialect: 'ironic', token: 'secret', tokenFile: '/token', siteKey: '/key' } } as never,
    node: { open: () => Promise.resolve(), close: () => Promise.resolve(), hooks: () => ({}) } as never,
  });
  assert.equal(await done, 0);
  assert.deepEqual(
    seen.map(({ token, siteKey }) => [token, siteKey]),
    [['', '']],
  );
});
