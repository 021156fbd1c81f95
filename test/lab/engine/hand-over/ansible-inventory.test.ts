import assert from 'node:assert/strict';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { findProgram } from '../../../../platform/process/find-program.ts';
import { run } from '../../../../platform/process/run.ts';
import { startLab, type Lab } from '../../../../lab/lab-server.ts';
import { RAZOR_MK, WITH_CACHE } from '../../../helpers/razor-mk.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const MISSING = findProgram('ansible-inventory') === undefined ? 'ansible-core is not installed' : false;

interface Inventory {
  readonly _meta: { readonly hostvars: Readonly<Record<string, Readonly<Record<string, unknown>>>> };
  readonly [group: string]: unknown;
}

describe('installed machines as an inventory of Ansible', () => {
  let lab: Lab;
  const directory = temporaryDirectory();
  const witness = join(directory, 'witness');
  before(async () => {
    lab = await startLab({ ports: { nodes: 0, images: 0, people: 0 } });
    await lab.store.write(() => {
      const { nodes, models, policies, activeModels } = lab.store;
      const model = models.add({ label: 'web server', template: 'debian', image: undefined, metadata: {} });
      const rest = { enabled: true, maximum: 0, tags: [], model: model.uuid, broker: undefined };
      const evil = `{{ lookup('pipe', 'touch ${witness}') }}`;
      for (const [i, [policy, state]] of (
        [
          ['web', 'complete_no_broker'],
          ['web', 'broker_success'],
          ['db', 'broker_fail'],
          ['db', 'preinstall'],
        ] as const
      ).entries()) {
        const { uuid } =
          policies.list().find(({ label }) => label === policy) ?? policies.add({ label: policy, line: i, ...rest });
        const node = nodes.create({ dialect: 'razor', hwIds: [`52540000000${i}`], at: 1, allowed: true });
        const facts = {
          mk_hw_nic_count: '2',
          ipaddress: `192.0.2.${i}`,
          note: evil,
          deep: { __ansible_vault: 'x', a: [evil] },
        };
        nodes.setFacts(node.id, i === 2 ? { ipaddress: evil } : facts, 'idle', 1);
        activeModels.bind({
          node: node.id,
          policy: uuid,
          policyLabel: policy,
          model,
          broker: undefined,
          state,
          bound: 1,
        });
      }
    });
  });
  after(() => lab.close());

  const list = async (): Promise<Inventory> =>
    (await (await fetch(`${lab.peopleUrl}/api/inventory/ansible`)).json()) as Inventory;

  it('has those whose system runs, in groups by policy, model, tag and state, each under a name of its own', async () => {
    const { _meta, ...groups } = await list();
    const names = Object.keys(_meta.hostvars);
    assert.equal(names.length, 3, 'the one that is being installed is none');
    // two policies count from 1
    assert.ok(names.includes('node2') && names.filter((name) => /^node1-\w{8}$/.test(name)).length === 2, names.join());
    assert.deepEqual(groups['policy_web'], { hosts: names.slice(0, 2) });
    assert.deepEqual(groups['model_web_server'], { hosts: names });
    assert.deepEqual(groups['tag_nics_2'], { hosts: names.slice(0, 2) });
    assert.deepEqual(groups['state_broker_success'], { hosts: ['node2'] });
    assert.equal(_meta.hostvars['node2']?.['ansible_host'], '192.0.2.1');
    assert.equal(_meta.hostvars[names[2] ?? '']?.['ansible_host'], undefined, 'no address is none');
  });

  it('marks text that Ansible would evaluate, at any depth, and drops names that are its own', async () => {
    const facts = (await list())._meta.hostvars['node2']?.['razor_facts'] as Record<string, Record<string, unknown>>;
    assert.match(String(facts['note']?.['__ansible_unsafe']), /^\{\{ lookup/);
    assert.deepEqual(Object.keys(facts['deep'] ?? {}), ['a']);
    assert.match(JSON.stringify(facts['deep']), /^\{"a":\[\{"__ansible_unsafe":/);
  });

  it(
    'is read by Debian’s Ansible through the verb as a script, and no fact is run there',
    { skip: MISSING },
    async () => {
      const script = join(directory, 'lab.sh');
      writeFileSync(script, `#!/bin/sh\nexec ${RAZOR_MK.join(' ')} lab inventory --lab '${lab.peopleUrl}' "$@"\n`);
      chmodSync(script, 0o755);
      const env = {
        HOME: directory,
        ANSIBLE_HOME: directory,
        ANSIBLE_LOCAL_TEMP: directory,
        LC_ALL: 'C.UTF-8',
        ...WITH_CACHE,
      };
      const ansible = async (...argv: [string, ...string[]]): Promise<string> => {
        const { status, stdout, stderr } = await run(argv, { env, timeoutMs: 60_000 });
        assert.equal(status, 0, stdout.toString() + stderr.toString());
        assert.equal(stderr.toString(), '', 'it has nothing to complain of');
        return stdout.toString();
      };
      const listed = JSON.parse(await ansible('ansible-inventory', '-i', script, '--list')) as Inventory;
      assert.equal(Object.keys(listed._meta.hostvars).length, 3);
      assert.deepEqual(listed['state_broker_success'], { hosts: ['node2'] });
      const one = JSON.parse(await ansible('ansible-inventory', '-i', script, '--host', 'node2')) as Record<
        string,
        unknown
      >;
      assert.equal(one['ansible_host'], '192.0.2.1');
      // debug runs here, on the controller, and evaluates what it prints
      const said = await ansible('ansible', 'node2', '-i', script, '-m', 'debug', '-a', 'msg={{ razor_facts.note }}');
      assert.match(said, /lookup\('pipe'/);
      assert.ok(!existsSync(witness), 'a fact was run');
      const alone = await run([script, '--host', 'nobody'], { env, timeoutMs: 60_000 });
      assert.equal(alone.stdout.toString(), '{}\n');
    },
  );
});
