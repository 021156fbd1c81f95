/** The suite of real peers by itself: it says what differs, and what it did not try. */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { programControls } from './controls.ts';
import { mustBe, mustHold } from './expect.ts';
import { outcomeText, play } from './outcome.ts';
import { startRelay } from './relay.ts';

const NODE = { id: 'N1', macs: ['52:54:00:00:00:01', '52:54:00:00:00:02'], uuid: 'u-1' };

test('a step that differs is told with what was seen, what was expected and where that is written; the others go on', async () => {
  const outcomes = await play([
    { name: 'status', contract: 'page#a', act: () => Promise.resolve(mustBe('status', 415, 201)).then(() => '') },
    {
      name: 'tags',
      contract: 'page#b',
      act: () => Promise.resolve(mustHold('@tags', ['a'], ['a', 'b'])).then(() => ''),
    },
    {
      name: 'bind',
      contract: 'page#c',
      act: () =>
        programControls(undefined, 'PEER_PROGRAM')
          .bind(NODE)
          .then(() => ''),
    },
    { name: 'reboot', contract: 'page#d', act: () => Promise.resolve('seen') },
  ]);
  assert.deepEqual(outcomes, [
    { step: 'status', verdict: 'differs', text: 'status: 415 instead of 201 (page#a)' },
    { step: 'tags', verdict: 'differs', text: '@tags: b missing in ["a"] (page#b)' },
    {
      step: 'bind',
      verdict: 'not tried',
      text: 'needs a program that does it: PEER_PROGRAM=PROGRAM, which is run with bind',
    },
    { step: 'reboot', verdict: 'as the contract', text: 'seen' },
  ]);
  assert.match(outcomeText('peer', outcomes), /^peer\n {2}status +differs +status: 415 instead of 201/);
});

test('the operator’s program gets the word and the node; its failure is a step that was not tried', async (t) => {
  const dir = temporaryDirectory(t);
  const program = join(dir, 'operator');
  writeFileSync(program, `#!/bin/sh\necho "$1 $PEER_NODE $PEER_MACS $PEER_UUID" >>${dir}/said\n[ "$1" = bind ]\n`);
  chmodSync(program, 0o755);
  const controls = programControls(program, 'PEER_PROGRAM');
  await controls.bind(NODE);
  await assert.rejects(controls.forget(NODE), /operator forget ended with status 1/);
  const macs = NODE.macs.join(' ');
  assert.equal(readFileSync(join(dir, 'said'), 'utf8'), `bind N1 ${macs} u-1\nforget N1 ${macs} u-1\n`);
});

test('the relay hands on what was sent and answered, keeps it, and refuses connections while it is down', async (t) => {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => response.writeHead(201, { 'content-type': 'text/x' }).end(`${request.url ?? ''} ${body}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const relay = await startRelay(`http://127.0.0.1:${port}/base/`);
  t.after(async () => {
    await relay.close();
    server.close();
    server.closeAllConnections();
  });
  const post = (): Promise<Response> =>
    fetch(`${relay.url}/x?y=1`, { method: 'POST', body: 'hello', headers: { 'content-type': 'text/y' } });
  const reply = await post();
  assert.deepEqual([reply.status, await reply.text()], [201, '/base/x?y=1 hello']);
  const [kept] = relay.exchanges;
  assert.deepEqual(kept, {
    method: 'POST',
    url: '/base/x?y=1',
    sent: 'hello',
    sentType: 'text/y',
    status: 201,
    type: 'text/x',
    body: '/base/x?y=1 hello',
  });
  await relay.down();
  await assert.rejects(post());
  await relay.up();
  assert.equal((await post()).status, 201);
});
