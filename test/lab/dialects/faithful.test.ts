import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startLab, type Lab } from '../../../lab/lab-server.ts';
import { checkin, register } from '../../helpers/lab-process.ts';

const NO_PORTS = { nodes: 0, images: 0, people: 0, razorServer: 0 };
const FACTS = { hostname: 'mk' };

describe('where the original is broken, a faithful lab is broken in the same way and the usual one is right', () => {
  let faithful: Lab;
  let right: Lab;
  before(async () => {
    faithful = await startLab({ ports: NO_PORTS, faithful: true });
    right = await startLab({ ports: NO_PORTS });
  });
  after(async () => {
    await faithful.close();
    await right.close();
  });
  const text = async (lab: Lab, path: string): Promise<{ status: number; type: string | null; text: string }> => {
    const reply = await fetch(`${lab.nodesUrl}${path}`);
    return { status: reply.status, type: reply.headers.get('content-type'), text: await reply.text() };
  };

  it('takes first_checkin=false and first_checkin= for true', async () => {
    for (const lab of [faithful, right]) await register(lab.nodesUrl, '5254000000A1', FACTS);
    for (const value of ['false', '']) {
      assert.equal(await checkin(faithful.nodesUrl, '5254000000A1', `&first_checkin=${value}`), 'register');
      assert.equal(await checkin(right.nodesUrl, '5254000000A1', `&first_checkin=${value}`), 'acknowledge');
    }
  });

  it('does not know a node by its id in lower case', async () => {
    assert.equal(await checkin(faithful.nodesUrl, '5254000000a1'), 'register');
    assert.equal(await checkin(right.nodesUrl, '52:54:00:00:00:a1'), 'acknowledge');
  });

  it('takes a true that is no text for no virtual machine', async () => {
    for (const [lab, expected] of [
      [faithful, []],
      [right, ['kvm_vm']],
    ] as const) {
      const reply = await register(lab.nodesUrl, '5254000000A2', { is_virtual: true, virtual: 'kvm' });
      const body = (await reply.json()) as { response: Record<string, unknown> };
      assert.deepEqual(body.response['@tags'], expected);
    }
  });

  it('cannot take 128 KiB of facts', async () => {
    const facts = { big: 'x'.repeat(131_000) };
    const refused = await register(faithful.nodesUrl, '5254000000A3', facts);
    assert.equal(refused.status, 500);
    assert.equal(await refused.text(), 'spawn E2BIG');
    assert.equal((await register(faithful.nodesUrl, '5254000000A3', { big: 'x'.repeat(126_000) })).status, 200);
    assert.equal((await register(right.nodesUrl, '5254000000A3', facts)).status, 200);
  });

  it('merges two machines that both sent an empty id', async () => {
    for (const lab of [faithful, right]) {
      await register(lab.nodesUrl, '_5254000000B1', FACTS);
      await register(lab.nodesUrl, '_5254000000B2', FACTS);
    }
    const ids = (lab: Lab): readonly string[] => {
      const node = lab.store.nodes.find(['5254000000B1'])[0];
      return node ? lab.store.nodes.hwIds(node.id) : [];
    };
    assert.deepEqual(ids(faithful), ['', '5254000000B1', '5254000000B2']);
    assert.deepEqual(ids(right), ['5254000000B1']);
  });

  it('never answers a request with the ids of two nodes', async () => {
    for (const lab of [faithful, right]) {
      await register(lab.nodesUrl, '5254000000C1', FACTS);
      await register(lab.nodesUrl, '5254000000C2', FACTS);
    }
    const both = '/razor/api/node/checkin?hw_id=5254000000C1_5254000000C2&last_state=idle';
    await assert.rejects(fetch(`${faithful.nodesUrl}${both}`, { signal: AbortSignal.timeout(700) }), /timeout/i);
    assert.equal((await text(right, both)).status, 200);
    await register(right.nodesUrl, '5254000000C1_5254000000C2', FACTS);
    assert.equal(right.store.nodes.find(['5254000000C1', '5254000000C2']).length, 1, 'one machine, one node');
  });

  it('stores text that starts with a colon without it', async () => {
    for (const [lab, expected] of [
      [faithful, ':1'],
      [right, '::1'],
    ] as const) {
      await register(lab.nodesUrl, '5254000000D1', { ipaddress6: '::1' });
      const node = lab.store.nodes.find(['5254000000D1'])[0];
      assert.equal(node && lab.store.nodes.facts(node.id)['ipaddress6'], expected);
    }
  });

  it('says 200 text/html when two registers of one machine meet', async () => {
    const replies = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const reply = await register(faithful.nodesUrl, '5254000000E1', FACTS);
        return { status: reply.status, type: reply.headers.get('content-type'), text: await reply.text() };
      }),
    );
    assert.ok(replies.every((reply) => reply.status === 200));
    const lost = replies.find((reply) => reply.type?.startsWith('text/html'));
    assert.deepEqual(JSON.parse(lost?.text ?? '{}'), {
      std_err_code: 1,
      result: 'No rows updated',
      slice: 'ProjectRazor::Slice::Node',
      command: 'register_node',
    });
  });

  it('says 200 for a boot without an image, without an id, and leaves the first line of a script out', async () => {
    const noImage = await text(faithful, '/razor/api/boot?hw_id=080027AABBCC');
    assert.equal(noImage.status, 200);
    assert.equal((JSON.parse(noImage.text) as { result: string }).result, "undefined method 'uuid' for nil");
    assert.match((await text(right, '/razor/api/boot?hw_id=080027AABBCC')).text, /^#!ipxe\n[^]*\nreboot\n$/);
    const noId = await text(faithful, '/razor/api/boot');
    assert.equal(noId.status, 200);
    const { std_err_code, http_err_code } = JSON.parse(noId.text) as Record<string, unknown>;
    assert.deepEqual([std_err_code, http_err_code], [114, 400]);
    assert.equal((await text(right, '/razor/api/boot')).status, 400);
    const empty = await text(faithful, '/razor/api/boot?hw_id=_______');
    assert.equal(
      empty.text,
      'Must Provide At Least One Hardware ID [hw_id]\necho API Error, will reboot in 30 seconds\nsleep 30\nreboot\n',
    );
    assert.equal(empty.type, 'text/html; charset=utf-8');
    assert.match((await text(right, '/razor/api/boot?hw_id=_______')).text, /^#!ipxe\necho Must Provide/);
  });

  it('does not know a hyphenated MAC at boot', async () => {
    for (const lab of [faithful, right]) await register(lab.nodesUrl, '5254000000F1', FACTS);
    const boots = (lab: Lab): unknown =>
      lab.events
        .since(0)
        .filter((event) => event.type === 'boot')
        .at(-1)?.node;
    await text(faithful, '/razor/api/boot?hw_id=52-54-00-00-00-f1');
    assert.equal(boots(faithful), undefined);
    await text(right, '/razor/api/boot?hw_id=52-54-00-00-00-f1');
    assert.ok(boots(right));
  });

  it('fails every later check-in of everybody after one fact named @classname', async () => {
    for (const lab of [faithful, right])
      await register(lab.nodesUrl, '525400000BAD', { '@classname': 'ProjectRazor::Policy' });
    const reply = await text(faithful, '/razor/api/node/checkin?hw_id=5254000000A1&last_state=idle');
    assert.equal(reply.status, 200);
    assert.equal((JSON.parse(reply.text) as { errcode?: number }).errcode, undefined);
    assert.equal(await checkin(right.nodesUrl, '5254000000A1'), 'acknowledge');
    const bad = faithful.store.nodes.find(['525400000BAD'])[0];
    await faithful.store.write(() => faithful.store.nodes.remove(bad?.id ?? 0));
    assert.equal(await checkin(faithful.nodesUrl, '5254000000A1'), 'acknowledge', 'until the row is gone');
  });
});
