import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { expireNodes } from '../../../lab/engine/expiry.ts';
import { stopOverdue } from '../../../lab/engine/tries.ts';
import { startLab, type Lab } from '../../../lab/lab-server.ts';
import type { LabOptions } from '../../../lab/lab-settings.ts';
import type { ActiveModel } from '../../../lab/store/records.ts';
import { fakeClock, type FakeClock } from '../../helpers/fake-clock.ts';
import { checkin, register } from '../../helpers/lab-process.ts';

const ID = '525400000001';
const MINUTE = 60_000;

describe('an installation', () => {
  let lab: Lab;
  let clock: FakeClock;
  const start = async (limits: Record<string, number> = {}, options: LabOptions = {}): Promise<void> => {
    clock = fakeClock();
    lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 }, clock, ...options });
    await lab.store.write(() => {
      const image = { name: 'd', version: '1', path: '/nowhere', kernel: 'k', initrd: 'i', added: 0 };
      const none = { kernelHash: undefined, initrdHash: undefined, hash: undefined, buildTime: undefined };
      const { uuid } = lab.store.images.add({ ...image, ...none, type: 'os' });
      const model = lab.store.models.add({ label: 'm', template: 'debian', image: uuid, metadata: {} });
      const rest = { line: 0, enabled: true, maximum: 0, tags: [], broker: undefined };
      lab.store.policies.add({ label: 'p', model: model.uuid, ...rest, ...limits });
    });
    await register(lab.nodesUrl, ID, { a: '1' });
    await checkin(lab.nodesUrl, ID);
  };
  beforeEach(() => start());
  afterEach(() => lab.close());

  const api = async (method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> => {
    const headers = { 'content-type': 'application/json' };
    const post = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
    const reply = await fetch(`${lab.peopleUrl}/api${path}`, post);
    return { status: reply.status, text: await reply.text() };
  };
  const active = (): ActiveModel => lab.store.activeModels.list()[0] as ActiveModel;
  /** What the loader gets; a minute later than the last time. */
  const boot = async (method = 'GET'): Promise<'installer' | 'local' | 'mk'> => {
    await clock.advance(MINUTE);
    const url = `${lab.nodesUrl}/razor/api/boot?hw_id=${ID}`;
    const text = await (await fetch(url, { method })).text();
    if (text.includes('preseed/file') || method === 'HEAD') return 'installer';
    return text.includes('sanboot') ? 'local' : 'mk';
  };
  const call = (path: string): Promise<Response> =>
    fetch(`${lab.nodesUrl}/razor/api/policy/callback/${active().uuid}/${path}`);
  const lastOf = (type: string): string => lab.events.since(0).findLast((event) => event.type === type)?.message ?? '';

  it('is stopped at its third boot, where the machine gets the microkernel and is left alone', async () => {
    assert.deepEqual([await boot(), await boot()], ['installer', 'installer']);
    assert.equal(active().tries, 2);
    assert.equal(await boot(), 'mk');
    assert.equal(active().state, 'timeout_error');
    assert.match(
      lastOf('state'),
      /^p: stopped in state init: the installer was booted 2 times .* lab active-model retry/,
    );
    await checkin(lab.nodesUrl, ID);
    assert.equal(await checkin(lab.nodesUrl, ID), 'acknowledge');
    assert.equal(await boot(), 'mk');
    const page = await (await fetch(`${lab.peopleUrl}/nodes/${lab.store.nodes.byId(active().node)?.uuid}`)).text();
    assert.match(page, /try 2 of 2, installer booted at .*; lab active-model retry /s);
  });

  it('counts one boot for a loader that asks twice, and none for a question in advance', async () => {
    await boot();
    await fetch(`${lab.nodesUrl}/razor/api/boot?hw_id=${ID}`);
    await boot('HEAD');
    assert.equal(active().tries, 1);
  });

  it('has the tries and the time of its policy, as it is now, and is shown in words', async () => {
    assert.equal((await api('PATCH', '/policies/p', { tries: 1, installTimeout: 600 })).status, 200);
    assert.equal(await boot(), 'installer');
    assert.match((await api('GET', '/active-models')).text, /"tries":"1 of 1"/);
    await clock.advance(600_000);
    await stopOverdue(lab.core);
    assert.equal(active().state, 'init', 'not a moment too early');
    await clock.advance(1000);
    await stopOverdue(lab.core);
    assert.equal(active().state, 'timeout_error');
    assert.match(lastOf('state'), /try 1 of 1 takes longer than 600 s/);
    assert.equal((await api('PATCH', '/policies/p', { tries: -1 })).status, 422);
  });

  it('that takes too long with a try left is shown once, and tried again at the next boot', async () => {
    await boot();
    await call('preseed/start');
    await clock.advance(7_201_000);
    await stopOverdue(lab.core);
    await stopOverdue(lab.core);
    assert.deepEqual([active().state, active().overdue], ['preinstall', true]);
    assert.match(lastOf('state'), /try 1 of 2 takes longer than 7200 s: its next boot from the network tries again/);
    const late = lab.store.activeModels.log(active().id).filter(({ action }) => action === 'try_timeout');
    assert.equal(late.length, 1);
    assert.equal(await boot(), 'installer');
    assert.deepEqual([active().tries, active().overdue], [2, false]);
  });

  it('is looked at with the expiry of nodes, by the clock', async () => {
    await boot();
    await boot();
    await clock.advance(7_201_000);
    const stopped = lab.events.waitFor(({ details }) => details?.['to'] === 'timeout_error', AbortSignal.timeout(5000));
    await clock.advance(30_000);
    await stopped;
    assert.equal(await expireNodes(lab.core), 0, 'a bound node is kept');
  });

  it('that was given up and ends after all is believed', async () => {
    await boot();
    await boot();
    assert.equal(await boot(), 'mk');
    await call('preseed/file');
    assert.equal(active().state, 'timeout_error', 'asking again for answers starts nothing');
    await call('preseed/end');
    assert.equal(active().state, 'postinstall');
    await call('postinstall/final');
    assert.equal(active().state, 'complete_no_broker');
    assert.equal(await boot(), 'local');
  });

  it('starts again by hand with all its tries; what is at work or installed only with force', async () => {
    for (let i = 0; i < 3; i++) await boot();
    const retry = (body: unknown = {}): Promise<{ status: number; text: string }> =>
      api('POST', `/active-models/${active().uuid}/retry`, body);
    assert.equal((await retry()).status, 200);
    assert.deepEqual([active().state, active().tries, await boot()], ['init', 0, 'installer']);
    const busy = await retry();
    assert.equal(busy.status, 409);
    assert.match(busy.text, /it is at work \(try 1 of 2\)/);
    for (const step of ['preseed/end', 'postinstall/final']) await call(step);
    assert.match((await retry()).text, /a retry overwrites its disks/);
    assert.equal((await retry({ force: true })).status, 200);
    assert.equal(active().state, 'init');
  });

  it('without a limit goes on for ever, and so does one of a faithful lab', async () => {
    await lab.close();
    await start({ tries: 0, installTimeout: 0 });
    for (let i = 0; i < 5; i++) assert.equal(await boot(), 'installer');
    await clock.advance(86_400_000);
    await stopOverdue(lab.core);
    assert.deepEqual([active().state, active().overdue], ['init', false]);
    await lab.close();
    await start({}, { faithful: true });
    for (let i = 0; i < 5; i++) assert.equal(await boot(), 'installer');
    await stopOverdue(lab.core);
    assert.deepEqual([active().state, active().tries], ['init', 0]);
  });

  it('of razor-server is stopped in the same way, and its microkernel is not sent into a loop of reboots', async () => {
    const base = `${lab.razorServerUrl ?? ''}/svc`;
    const mac = '52-54-00-00-00-77';
    const bootOf = async (): Promise<string> => {
      await clock.advance(MINUTE);
      return await (await fetch(`${base}/boot?net0=${mac}&dhcp_mac=${mac}`)).text();
    };
    await bootOf();
    const { id } = (await (await fetch(`${base}/nodeid?net0=${mac}`)).json()) as { id: number };
    const says = async (): Promise<unknown> => {
      const body = JSON.stringify({ facts: { macaddress: '52:54:00:00:00:77' } });
      const headers = { 'content-type': 'application/json' };
      return await (await fetch(`${base}/checkin/${id}`, { method: 'POST', headers, body })).json();
    };
    assert.deepEqual(await says(), { action: 'reboot' });
    assert.match(await bootOf(), /svc\/file/);
    assert.match(await bootOf(), /svc\/file/);
    assert.doesNotMatch(await bootOf(), /svc\/file/);
    assert.equal(lab.store.activeModels.ofNode(id)?.state, 'timeout_error');
    assert.deepEqual(await says(), { action: 'none' });
  });

  it('is not begun anew within a turn by removing a node whose microkernel runs', async () => {
    const refused = await api('DELETE', `/nodes/${ID}`);
    assert.equal(refused.status, 409);
    assert.match(refused.text, /its microkernel was here 0 s ago .* which p binds and installs.* Switch it off first/);
    assert.equal(lab.store.nodes.count(), 1);
    await clock.advance(121_000);
    const { uuid } = lab.store.nodes.list()[0] ?? {};
    assert.deepEqual(JSON.parse((await api('DELETE', `/nodes/${ID}`)).text), {
      removed: uuid,
      note: 'when its microkernel checks in again, p binds and installs it',
    });
    await register(lab.nodesUrl, ID, { a: '1' });
    assert.equal((await api('DELETE', `/nodes/${ID}?force=1`)).status, 200);
    await register(lab.nodesUrl, ID, { a: '1' });
    await api('PATCH', '/policies/p', { enabled: false });
    assert.equal((await api('DELETE', `/nodes/${ID}`)).status, 200, 'no policy would take it');
  });

  it('is announced where an active model is removed', async () => {
    const { text } = await api('DELETE', `/active-models/${active().uuid}`);
    assert.match(text, /p binds and installs it/);
  });
});
