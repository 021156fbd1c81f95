import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startLab, type Lab } from '../../../lab/lab-server.ts';

const PORTS = { nodes: 0, images: 0, people: 0, razorServer: 0 };
const NAMED = 'f02e3aae-762e-4a4e-afc2-64afb092cdc1';
const CALLS = '0c1e8f1a-52aa-4f0e-9d0b-000000000001';

describe('the lab’s conductor, where any node may call', () => {
  let lab: Lab;
  before(async () => {
    lab = await startLab({
      ports: PORTS,
      ironic: {
        port: 0,
        nodes: [{ uuid: NAMED, key: 'NAMED-KEY', image: '/nowhere.raw', bootOption: 'netboot' }],
        anyNode: { image: undefined },
      },
    });
  });
  after(async () => {
    await lab.close();
  });

  const pass = async (uuid: string, body: object, method = 'pass_deploy_info'): Promise<[number, string]> => {
    const url = `${lab.ironicUrl}/v1/nodes/${uuid}/vendor_passthru/${method}`;
    const reply = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
    return [reply.status, await reply.text()];
  };
  const info = { address: '127.0.0.1', iqn: 'iqn-x', key: 'ANY-KEY', error: '' };
  const page = async (path: string): Promise<string> => (await fetch(lab.peopleUrl + path)).text();
  const failed = (uuid: string): Promise<unknown> =>
    lab.events.waitFor(
      ({ details }) => details?.['ironic'] === uuid && details['state'] === 'deploy failed',
      AbortSignal.timeout(20_000),
    );

  it('shows a node that nobody named, with what is missing; its first key stays its key', async () => {
    assert.match(await page('/'), /href="\/ironic"/);
    assert.deepEqual((await pass(CALLS, info))[0], 202);
    await failed(CALLS);
    const [status, body] = await pass(CALLS, { ...info, key: 'OTHER-KEY' });
    assert.equal(status, 400);
    assert.match(body, /Deploy key does not match/);
    for (const text of [await page('/ironic'), await page(`/ironic/${CALLS}`)]) {
      assert.match(text, new RegExp(CALLS));
      assert.match(text, /deploy failed/);
      assert.match(text, /no image is set for it: start the lab with --ironic-image FILE/);
      assert.match(text, /pass_deploy_info is refused: its key is not the node&#39;s/);
      assert.doesNotMatch(text, /ANY-KEY|OTHER-KEY|NAMED-KEY/, 'keys are on no page');
    }
    assert.equal((await pass(CALLS, info))[0], 202, 'it may call again');
  });

  it('says what a ramdisk reported, as text', async () => {
    assert.equal((await pass(NAMED, { ...info, key: 'NAMED-KEY', error: 'no disk <b>found</b>' }))[0], 202);
    await failed(NAMED);
    const text = await page(`/ironic/${NAMED}`);
    assert.match(text, /the ramdisk says: no disk &lt;b&gt;found/);
    assert.doesNotMatch(text, /<b>found/);
  });

  it('refuses calls that are none', async () => {
    assert.equal((await pass('..%2f..', info))[0], 404);
    assert.equal((await pass(CALLS, { key: 'ANY-KEY' }))[0], 400);
    assert.equal((await pass(CALLS, info, 'reboot'))[0], 400);
    assert.equal((await pass('new-one', info, 'reboot'))[0], 404, 'a call that means nothing takes nobody in');
    assert.equal((await fetch(`${lab.ironicUrl}/v1/nodes/new-one`)).status, 404);
    assert.equal((await fetch(`${lab.peopleUrl}/ironic/new-one`)).status, 404);
  });

  it('gives the stream of one node its own events only, with what the page needs to change its line', async (t) => {
    const { last } = lab.events;
    const stop = new AbortController();
    t.after(() => stop.abort());
    const read = async (query: string): Promise<Record<string, unknown>> => {
      const reply = await fetch(`${lab.peopleUrl}/log/stream?after=${last}&${query}`, { signal: stop.signal });
      let text = '';
      for await (const piece of reply.body as unknown as AsyncIterable<Uint8Array>) {
        text += Buffer.from(piece).toString();
        const [, data] = /^data: (.*)$/m.exec(text) ?? [];
        if (data !== undefined) return JSON.parse(data) as Record<string, unknown>;
      }
      throw new Error('the stream ended');
    };
    const messages = Promise.all([read(`ironic=${NAMED}`), read('ironic=*')]);
    await fetch(`${lab.nodesUrl}/razor/api/node/checkin?hw_id=0200000000FE&last_state=idle`);
    await pass(NAMED, { ...info, key: 'WRONG' });
    for (const message of await messages) {
      assert.match(String(message['text']), /^pass_deploy_info is refused/);
      assert.equal(message['path'], `/ironic/${NAMED}`);
      const { state, tone, error } = message['ironic'] as Record<string, unknown>;
      assert.deepEqual([state, tone], ['deploy failed', 'red']);
      assert.match(String(error), /the ramdisk says/);
    }
  });
});

it('without a conductor there is no page of its nodes', async () => {
  const lab = await startLab({ ports: PORTS });
  try {
    assert.equal(lab.ironicUrl, undefined);
    assert.doesNotMatch(await (await fetch(lab.peopleUrl)).text(), /ironic/i);
    assert.equal((await fetch(`${lab.peopleUrl}/ironic`)).status, 404);
  } finally {
    await lab.close();
  }
});
