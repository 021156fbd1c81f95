import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createIronicBoard, type IronicNodeOptions, type IronicState } from '../../../lab/ironic/board.ts';
import { deployNode, finishNode, textOf } from '../../../lab/ironic/deploy-node.ts';
import { createEvents } from '../../../lab/lab-events.ts';
import { systemClock } from '../../../platform/time/clock.ts';

/** A board with one node, and what was said of it. */
function place(
  node: Partial<IronicNodeOptions> = {},
  { adopted = false, state }: { adopted?: boolean; state?: IronicState } = {},
) {
  const board = createIronicBoard(
    createEvents(() => 0),
    () => 0,
  );
  board.add({ uuid: 'n1', key: 'k', image: undefined, bootOption: 'local', ...node }, adopted);
  if (state !== undefined) board.change('n1', { state });
  const now = () => {
    const found = board.get('n1');
    assert.ok(found);
    return found;
  };
  const context = { board, clock: systemClock, signal: new AbortController().signal };
  const said = (): string[] =>
    board.log('n1').map(({ type, message }) => `${type}: ${message.replace('ironic n1: ', '')}`);
  return { board, now, context, said, work: { written: false, busy: false } };
}

test('a ramdisk that reports an error, and a node without an image, are failed deployments', async () => {
  const broken = place();
  await deployNode(broken.context, broken.now(), broken.work, { error: 'no disk', address: '10.0.0.7' });
  assert.equal(broken.now().state, 'deploy failed');
  assert.equal(broken.now().address, '10.0.0.7');
  assert.equal(broken.now().lastError, 'the ramdisk says: no disk');
  assert.deepEqual(broken.said(), ['failed: deploy failed, power off: the ramdisk says: no disk']);
  assert.deepEqual(broken.work, { written: false, busy: false });
  const bare = place();
  await deployNode(bare.context, bare.now(), bare.work, { address: '10.0.0.7' });
  assert.match(bare.now().lastError ?? '', /^no image is set for it: start the lab with --ironic-image FILE/);
});

test('a report in another state is ignored; an adopted node may call again when it is done or failed', async () => {
  for (const [state, adopted, taken] of [
    ['deploying', false, false],
    ['deploying', true, false],
    ['active', false, false],
    ['deploy failed', false, false],
    ['active', true, true],
    ['deploy failed', true, true],
  ] as const) {
    const { context, now, work, said } = place({}, { adopted, state });
    await deployNode(context, now(), work, {});
    const ignored = `state: pass_deploy_info in state ${state} is ignored`.replace(
      'state',
      state === 'deploy failed' ? 'failed' : 'state',
    );
    assert.equal(said().includes(ignored), !taken, `${state} ${String(adopted)}`);
  }
});

test('a disk whose address cannot be used is a failed deployment, not an exception', async () => {
  const { context, now, work } = place({ image: '/no/such/image' });
  await deployNode(context, now(), work, { address: '10.0.0.7 -x', iqn: 'iqn.2008-10.org.openstack:n1' });
  assert.equal(now().state, 'deploy failed');
  assert.equal(work.busy, false);
});

/** What somebody sends to a port, and the port. */
async function listener(t: TestContext): Promise<{ port: number; heard: Promise<string> }> {
  const server = createServer();
  t.after(() => server.close());
  const heard = new Promise<string>((resolve) => {
    server.on('connection', (socket) => {
      let text = '';
      socket.on('data', (piece) => void (text += piece.toString()));
      socket.on('end', () => resolve(text));
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', () => resolve()));
  return { port: (server.address() as { port: number }).port, heard };
}

test('the boot loader is the end: done is sent once more, and the node is active', async (t) => {
  const { port, heard } = await listener(t);
  const { context, now, work, said } = place({}, { state: 'deploy wait' });
  work.written = true;
  await finishNode({ ...context, donePort: port }, now(), work, { status: 'SUCCEEDED', address: '127.0.0.1' });
  assert.equal(await heard, 'done');
  assert.equal(now().state, 'active');
  assert.deepEqual(said(), ['state: the boot loader is installed; second "done" is sent; active']);
});

test('a boot loader that was not installed, a ramdisk that does not listen, and one without an image', async () => {
  const failed = place();
  failed.work.written = true;
  await finishNode(failed.context, failed.now(), failed.work, { status: 'FAILED', error: 'no grub' });
  assert.equal(failed.now().lastError, 'boot loader: no grub');
  const deaf = place();
  deaf.work.written = true;
  await finishNode({ ...deaf.context, donePort: 1 }, deaf.now(), deaf.work, {
    status: 'SUCCEEDED',
    address: '127.0.0.1',
  });
  assert.match(deaf.now().lastError ?? '', /ECONNREFUSED/);
  const early = place();
  await finishNode(early.context, early.now(), early.work, { status: 'SUCCEEDED', address: '127.0.0.1' });
  assert.equal(early.now().state, 'deploy wait');
  assert.deepEqual(early.said(), ['state: boot loader information without an image is ignored']);
});

test('texts and numbers of a request are texts, all else is empty', () => {
  assert.deepEqual(['a', 5, 0, true, null, undefined, {}, []].map(textOf), ['a', '5', '0', '', '', '', '', '']);
});
