/** At least 165 requests to Razor 0.x and Hanlon with the answers of the originals. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startLab, type Lab } from '../../../lab/lab-server.ts';
import type { NodeRecord } from '../../../lab/store/records.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';
import { HANLON_ROWS } from './hanlon.rows.ts';
import { BOOT_ROWS, CALLBACK_ROWS, forcedRows, IMAGE_ROWS, stateRows } from './razor-boot.rows.ts';
import { A as KNOWN_ID, RAZOR_ROWS } from './razor.rows.ts';
import { checkRow, type RequestRow } from './request-rows.ts';

interface World {
  readonly lab: Lab;
  readonly names: Record<string, string>;
  send(rows: readonly RequestRow[], base?: string): Promise<void>;
  node(hwId: string): NodeRecord;
}

async function world(t: TestContext): Promise<World> {
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0 }, faithful: true });
  t.after(() => lab.close());
  const names: Record<string, string> = { IMAGES: lab.imagesUrl, NODES: lab.nodesUrl };
  return {
    lab,
    names,
    async send(rows, base = lab.nodesUrl) {
      for (const row of rows) await checkRow(base, row, names);
    },
    node(hwId) {
      const node = lab.store.nodes.find([hwId])[0];
      assert.ok(node, hwId);
      return node;
    },
  };
}

/** A microkernel, and an installer image. */
async function addImages({ lab, names }: World, t: TestContext): Promise<string> {
  const path = temporaryDirectory(t);
  mkdirSync(join(path, 'boot'));
  writeFileSync(join(path, 'boot', 'vmlinuz'), '0123456789');
  writeFileSync(join(path, 'boot', 'core.gz'), 'initrd');
  const none = { kernelHash: undefined, initrdHash: undefined, hash: undefined, buildTime: undefined, added: 1 };
  const files = { kernel: 'boot/vmlinuz', initrd: 'boot/core.gz' };
  return await lab.store.write(() => {
    names['MK'] = lab.store.images.add({ ...none, ...files, type: 'mk', name: 'mk', version: 'v0.12.0', path }).uuid;
    return lab.store.images.add({ ...none, ...files, type: 'os', name: 'deb', version: '7', path }).uuid;
  });
}

async function bind({ lab, names }: World, node: NodeRecord, image: string): Promise<void> {
  await lab.store.write(() => {
    const model = lab.store.models.add({ label: 'deb', template: 'debian_wheezy', image, metadata: {} });
    const binding = { policy: 'p', policyLabel: 'p', broker: undefined, state: 'init', bound: 1 };
    names['ACTIVE'] = lab.store.activeModels.bind({ ...binding, node: node.id, model }).uuid;
  });
}

const COUNTS = {
  razor: Object.values(RAZOR_ROWS).flat().length + BOOT_ROWS.length + IMAGE_ROWS.length + CALLBACK_ROWS.length,
  states: stateRows(() => Promise.resolve()).length + forcedRows(() => Promise.resolve()).length,
  hanlon: Object.values(HANLON_ROWS).flat().length,
};

test(`Razor 0.x: ${COUNTS.razor + COUNTS.states} requests are answered as by the original`, async (t) => {
  const here = await world(t);
  const { lab, send, node } = here;
  await send(RAZOR_ROWS.unknown);
  await send(RAZOR_ROWS.registers);
  await send(RAZOR_ROWS.known);
  await send(RAZOR_ROWS.paths);
  const image = await addImages(here, t);
  await send(BOOT_ROWS);
  await send(IMAGE_ROWS, lab.imagesUrl);
  const force = (forcedAction: string | null) =>
    lab.store.write(() => lab.store.nodes.update(node('RB').id, { forcedAction }));
  await send(forcedRows(force));
  await bind(here, node(KNOWN_ID), image);
  await send(CALLBACK_ROWS);
  const setState = (state: string) =>
    lab.store.write(() => {
      const active = lab.store.activeModels.ofNode(node(KNOWN_ID).id);
      assert.ok(active);
      const entry = { at: 1, oldState: active.state, state, action: 'test', method: 'test', result: '' };
      lab.store.activeModels.record(active, entry);
    });
  await send(stateRows(setState));
});

test(`Hanlon: ${COUNTS.hanlon} requests are answered as by the original`, async (t) => {
  const here = await world(t);
  await here.send(HANLON_ROWS.unknown);
  const image = await addImages(here, t);
  await here.send(HANLON_ROWS.known);
  here.names['UUID'] = here.node('525400000011').uuid;
  await here.send(HANLON_ROWS.collection);
  await bind(here, here.node('525400000011'), image);
  await here.send(HANLON_ROWS.bound);
});

test('together they are at least 165 requests', () => {
  const total = COUNTS.razor + COUNTS.states + COUNTS.hanlon;
  assert.ok(total >= 165, `${total} requests`);
});
