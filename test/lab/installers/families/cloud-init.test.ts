import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { startLab } from '../../../../lab/lab-server.ts';
import { checkin, register } from '../../../helpers/lab-process.ts';

test('cloud-init of an installed system finds its three files, and its vendor data reports that it is ready', async (t) => {
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0 } });
  t.after(() => lab.close());
  await lab.store.write(() => {
    const metadata = { ssh_key: 'ssh-ed25519 AAAA "x" {{ y }}', hostname_prefix: 'web' };
    const { uuid } = lab.store.models.add({ label: 'm', template: 'debian', image: undefined, metadata });
    const rest = { line: 0, enabled: true, maximum: 0, tags: [], broker: undefined };
    lab.store.policies.add({ label: 'p', model: uuid, ...rest });
  });
  await register(lab.nodesUrl, '525400000001', { a: '1' });
  await checkin(lab.nodesUrl, '525400000001');
  const [active] = lab.store.activeModels.list();
  const base = `${lab.nodesUrl}/razor/api/policy/callback/${active?.uuid}`;
  const get = async (path: string): Promise<string> => {
    const reply = await fetch(`${base}/${path}`);
    assert.equal(reply.status, 200, path);
    return await reply.text();
  };
  await get('preseed/end');
  assert.deepEqual(parse(await get('postinstall/meta-data')), {
    'instance-id': active?.uuid,
    'local-hostname': 'web1',
  });
  assert.equal(await get('postinstall/user-data'), '#cloud-config\n{}\n');
  const vendor = await get('postinstall/vendor-data');
  assert.match(vendor, /^#cloud-config\n/);
  const { ssh_authorized_keys: keys, runcmd } = parse(vendor) as { ssh_authorized_keys: string[]; runcmd: string[][] };
  assert.deepEqual(keys, ['ssh-ed25519 AAAA "x" {{ y }}']);
  assert.equal(lab.store.activeModels.list()[0]?.state, 'postinstall', 'reading them moves nothing');
  for (const [, , line = ''] of runcmd) await fetch(/http:\/\/[^']+/.exec(line)?.[0] ?? '');
  assert.equal(lab.store.activeModels.list()[0]?.state, 'complete_no_broker');
});
