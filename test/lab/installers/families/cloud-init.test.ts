import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { startLab, type Lab } from '../../../../lab/lab-server.ts';
import { checkin, register } from '../../../helpers/lab-process.ts';

/** The texts of a multipart document, in their order. */
function partsOf(text: string): string[] {
  const boundary = /boundary="(.+)"/.exec(text)?.[1] ?? '';
  return text
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => part.slice(part.indexOf('\n\n') + 2));
}

// user-data of a site with a runcmd of its own takes the place of the vendor's, and the system was never ready to the lab
test('the report of an installed system is a part of its own, which no list of a site takes the place of', async (t) => {
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0 } });
  t.after(() => lab.close());
  const uuid = await installing(lab);
  const reply = await fetch(`${lab.nodesUrl}/razor/api/policy/callback/${uuid}/postinstall/vendor-data`);
  const vendor = await reply.text();
  assert.match(vendor, /^Content-Type: multipart\/mixed; /);
  assert.doesNotMatch(vendor, /runcmd/);
  const types = [...vendor.matchAll(/^Content-Type: (text\/\S+);/gm)].map(([, type]) => type);
  assert.deepEqual(types, ['text/cloud-config', 'text/x-shellscript']);
});

/** A node that a policy has bound to a model with a key. The result is its active model. */
async function installing(lab: Lab): Promise<string> {
  await lab.store.write(() => {
    const metadata = { ssh_key: 'ssh-ed25519 AAAA "x" {{ y }}', hostname_prefix: 'web' };
    const { uuid } = lab.store.models.add({ label: 'm', template: 'debian', image: undefined, metadata });
    const rest = { line: 0, enabled: true, maximum: 0, tags: [], broker: undefined };
    lab.store.policies.add({ label: 'p', model: uuid, ...rest });
  });
  await register(lab.nodesUrl, '525400000001', { a: '1' });
  await checkin(lab.nodesUrl, '525400000001');
  return lab.store.activeModels.list()[0]?.uuid ?? '';
}

test('cloud-init of an installed system finds its three files, and its vendor data reports that it is ready', async (t) => {
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0 } });
  t.after(() => lab.close());
  const uuid = await installing(lab);
  const base = `${lab.nodesUrl}/razor/api/policy/callback/${uuid}`;
  const get = async (path: string): Promise<string> => {
    const reply = await fetch(`${base}/${path}`);
    assert.equal(reply.status, 200, path);
    return await reply.text();
  };
  await get('preseed/end');
  assert.deepEqual(parse(await get('postinstall/meta-data')), {
    'instance-id': uuid,
    'local-hostname': 'web1',
  });
  assert.equal(await get('postinstall/user-data'), '#cloud-config\n{}\n');
  const vendor = await get('postinstall/vendor-data');
  const [config = '', script = ''] = partsOf(vendor);
  assert.deepEqual(parse(config), { ssh_authorized_keys: ['ssh-ed25519 AAAA "x" {{ y }}'] });
  assert.equal(lab.store.activeModels.list()[0]?.state, 'postinstall', 'reading them moves nothing');
  assert.match(script, /^#!\/bin\/sh\n/);
  for (const url of new Set(script.match(/http:\/\/[^']+/g))) await fetch(url);
  assert.equal(lab.store.activeModels.list()[0]?.state, 'complete_no_broker');
});
