/** What the kernel line says of a machine's id, from a really started agent to the node that the lab then knows. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { startLab } from '../../lab/lab-server.ts';
import { agentProcess } from '../helpers/agent-process.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { addToTree } from '../helpers/tree.ts';

/** A card of the machine, one more, and the card that its BMC lends it over USB. */
const CARDS: readonly (readonly [string, string])[] = [
  ['eth0', '3c:ec:ef:00:01:01'],
  ['eth1', '3c:ec:ef:00:01:02'],
  ['usb0', 'be:3a:f2:b6:05:9e'],
];

/** The ids by which the lab knows the only node, after one check-in with `words` on the kernel line. */
async function registeredAs(t: TestContext, words: string): Promise<readonly string[]> {
  const lab = await startLab({ ports: { nodes: 0, images: 0, people: 0, razorServer: 0 } });
  t.after(() => lab.close());
  const directory = temporaryDirectory(t);
  const root = join(directory, 'root');
  for (const [index, [name, mac]] of CARDS.entries()) {
    addToTree(join(root, 'sys/class/net', name), {
      type: '1\n',
      ifindex: `${index + 2}\n`,
      address: `${mac}\n`,
      addr_assign_type: '0\n',
      'device/': '',
    });
  }
  addToTree(root, { 'sys/class/net/usb0/device/driver': '-> ../../../../bus/usb/drivers/cdc_ether' });
  writeFileSync(join(directory, 'cmdline'), `quiet razor.ip=${new URL(lab.nodesUrl).host} ${words}\n`);
  writeFileSync(join(directory, 'resolv.conf'), '');
  const files = ['--cmdline', join(directory, 'cmdline'), '--resolv-conf', join(directory, 'resolv.conf')];
  const none = ['--next-server-file', join(directory, 'nextServerIP.addr')];
  const agent = await agentProcess(['--root', root, ...files, ...none, '--turns', '2', '--checkin-interval', '0.2']);
  t.after(() => agent.stop());
  await agent.until('the node is registered', () => lab.store.nodes.list().length === 1, 30_000);
  const [node] = lab.store.nodes.list();
  return lab.store.nodes.hwIds(node?.id ?? 0);
}

test('without a word on the kernel line the BMC’s card is no part of the id', async (t) => {
  assert.deepEqual(await registeredAs(t, ''), ['3CECEF000101', '3CECEF000102']);
});

test('razor.identity_include= takes a card in, razor.identity_exclude= takes one out', async (t) => {
  const words = 'razor.identity_include=usb0 razor.identity_exclude=3c-ec-ef-00-01-02';
  assert.deepEqual(await registeredAs(t, words), ['3CECEF000101', 'BE3AF2B6059E']);
});
