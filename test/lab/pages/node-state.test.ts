import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LabCore } from '../../../lab/lab-core.ts';
import { MODEL_STATES } from '../../../lab/engine/models.ts';
import { idText, nodeHardware, nodeName, stateView } from '../../../lab/pages/node-state.ts';
import type { ActiveModel, NodeRecord } from '../../../lab/store/records.ts';

const NOW = 1_000_000;
const core = (protectNewNodes = false): LabCore => {
  const settings = { protectNewNodes, timing: { registerTimeoutMs: 1000 } };
  return { settings, wall: () => NOW } as unknown as LabCore;
};
const node = (more: Partial<NodeRecord> = {}): NodeRecord =>
  ({ allowed: false, registered: 1, contact: NOW, installed: undefined, ...more }) as NodeRecord;
const active = (state: string, template = 'debian'): ActiveModel =>
  ({ state, policyLabel: 'web', model: { template } }) as unknown as ActiveModel;

test('the first that holds is shown: at work, installed, protected, without facts, silent, discovered', () => {
  for (const [more, protect, word, tone] of [
    [{}, false, 'discovered', 'blue'],
    [{ contact: NOW - 1000 }, false, 'discovered', 'blue'],
    [{ contact: NOW - 1001 }, false, 'silent', 'grey'],
    [{ contact: NOW - 1001, registered: undefined }, false, 'seen', 'grey'],
    [{ contact: NOW - 1001, registered: undefined }, true, 'protected', 'violet'],
    [{ allowed: true }, true, 'discovered', 'blue'],
    [{ installed: 'debian 12' }, true, 'installed', 'green'],
  ] as const) {
    const view = stateView(core(protect), node(more), undefined);
    assert.deepEqual([view.word, view.tone], [word, tone], JSON.stringify(more));
  }
  assert.equal(stateView(core(), node({ installed: 'debian 12' }), undefined).meaning, 'debian 12 is installed');
  assert.equal(
    stateView(core(true), node({ installed: 'x' }), active('init')).word,
    'bound',
    'a policy goes before all',
  );
});

test('every state of an installation has a word, a colour and its meaning; one that is none is shown as a failure', () => {
  const views = MODEL_STATES.map((state) => [state, stateView(core(), node(), active(state))] as const);
  assert.deepEqual(
    views.map(([state, { word, tone }]) => `${state}: ${word}, ${tone}`),
    [
      'init: bound, amber',
      'preinstall: installing, amber',
      'postinstall: finishing, amber',
      'os_complete: installed, green',
      'complete_no_broker: installed, green',
      'broker_wait: handing over, amber',
      'broker_fail: broker failed, red',
      'broker_success: handed over, green',
      'timeout_error: timed out, red',
      'error_catch: failed, red',
    ],
  );
  for (const [state, { meaning }] of views) assert.match(meaning, new RegExp(`^web, state ${state}: .{15}`));
  const odd = stateView(core(), node(), active('sleeping'));
  assert.deepEqual([odd.word, odd.tone], ['sleeping', 'red']);
});

test('a node is called by its host name, else as a microkernel calls itself, else by its id', () => {
  for (const [facts, ids, name] of [
    [{ hostname: 'web1' }, ['525400ABCDEF'], 'web1'],
    [{ hostname: 7 }, [], '7'],
    [{ hostname: '' }, ['525400ABCDEF', 'x'], 'mk525400abcdef'],
    [{ hostname: ['web1'] }, ['525400ABCDE'], '525400ABCDE'],
    [{}, ['564D5A12-0F3C-4B1E-9A77-52540012ABCD'], '564D5A12-0F3C-4B1E-9A77-52540012ABCD'],
    [{}, [], 'unnamed'],
    [{ hostname: 'x'.repeat(200) }, [], 'x'.repeat(120)],
  ] as const)
    assert.equal(nodeName(facts as Record<string, unknown>, ids), name);
});

test('hardware is one line of what is known, by the names of Facter and those of the microkernel', () => {
  for (const [facts, line] of [
    [
      { manufacturer: 'Dell', productname: 'R640', processorcount: '8', memorysize: '16.00 GB' },
      'Dell R640 · 8 cores · 16.00 GB',
    ],
    [{ mk_hw_bus_vendor: 'QEMU', mk_hw_bus_product: 'pc', mk_hw_mem_size: '2GiB' }, 'QEMU pc · 2GiB'],
    [{ manufacturer: 'Dell', mk_hw_bus_vendor: 'other' }, 'Dell'],
    [{ productname: 'R640', processorcount: 4 }, 'R640 · 4 cores'],
    [{ manufacturer: { a: 1 } }, ''],
    [{}, ''],
  ] as const)
    assert.equal(nodeHardware(facts as Record<string, unknown>), line);
});

test('an id is written as a MAC only where it is one', () => {
  assert.equal(idText('525400ABCDEF'), '52:54:00:ab:cd:ef');
  for (const id of ['525400abcdef', '525400ABCDE', '525400ABCDEFA', 'G25400ABCDEF', '']) assert.equal(idText(id), id);
});
