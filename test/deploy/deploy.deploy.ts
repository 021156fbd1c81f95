import assert from 'node:assert/strict';
import { readFileSync, truncateSync } from 'node:fs';
import { connect } from 'node:net';
import { test } from 'node:test';
import { run } from '../../platform/process/run.ts';
import { inFrontOf, urlOf } from './in-front.ts';
import { isOpen } from './ports.ts';
import { tgtdRuns, until, withSite } from './site.ts';

function say(port: number, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.end(text));
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
}

test('an image of 64 MiB is written through the exported disk, byte for byte, and done ends it', () =>
  withSite([], async (site) => {
    const agent = await site.deploy();
    const { status } = await agent.exited;
    assert.equal(status, 0, site.printed());
    const compared = await run(['cmp', site.image, site.disk]);
    assert.equal(compared.status, 0, compared.stdout.toString());
    await until('the node is active', () => site.conductor.nodes()[0]?.state === 'active');
    assert.equal(await isOpen(site.iscsiPort), false);
    assert.equal(await tgtdRuns(site.iscsiPort), false);
  }));

test('a wrong key is refused by the conductor, and nothing stays exported', () =>
  withSite([], async (site) => {
    const agent = await site.deploy({ line: 'deployment_key=WRONG' });
    const { status } = await agent.exited;
    assert.equal(status, 1, site.printed());
    assert.match(site.printed(), /Deploy key does not match/);
    assert.equal(await tgtdRuns(site.iscsiPort), false);
  }));

test('an error of our own is told to the conductor with address and iqn, and nothing is exported', () =>
  withSite([], async (site) => {
    truncateSync(site.disk, 0);
    const agent = await site.deploy({ args: ['--disk-attempts', '2'] });
    const { status } = await agent.exited;
    assert.equal(status, 1, site.printed());
    await until('the conductor has it', () => site.conductor.nodes()[0]?.state === 'deploy failed');
    assert.match(site.conductor.nodes()[0]?.lastError ?? '', /Could not find disk to use/);
    assert.equal(await isOpen(site.iscsiPort), false);
  }));

test('an early done, an empty connection and other words do not end the wait', () =>
  withSite([{}, 8], async (site) => {
    const conductor = Promise.withResolvers<void>();
    const api = await inFrontOf(site.conductor.url, [conductor.promise]);
    try {
      const agent = await site.deploy({ line: `ironic_api_url=${urlOf(api)}`, args: ['--wait', '40'] });
      await until('port 10000 is open', () => isOpen(site.donePort));
      for (const text of ['done', '', 'DONE']) await say(site.donePort, text);
      await until('all are judged', () => (site.printed().match(/ignored on port \d+/g) ?? []).length >= 3);
      assert.ok(!readFileSync(site.disk).equals(readFileSync(site.image)), 'the conductor did not wait');
      conductor.resolve();
      assert.equal((await agent.exited).status, 0, site.printed());
    } finally {
      api.close();
    }
    assert.ok(readFileSync(site.disk).equals(readFileSync(site.image)), 'the image was cut short');
  }));

test('a conductor that vanishes in the middle is waited for, but not for ever', () =>
  withSite([{ image: '/nonexistent/image.raw' }, 8], async (site) => {
    const agent = await site.deploy({ args: ['--wait', '4'] });
    const { status } = await agent.exited;
    assert.equal(status, 1, site.printed());
    assert.match(site.printed(), /did not come within 4 s/);
    assert.equal(await tgtdRuns(site.iscsiPort), false);
  }));

test('CHAP: the image is written by who knows the password, and the password is printed nowhere', () =>
  withSite([{ chap: 'conductor:s3cr3t-s3cr3t' }, 8], async (site) => {
    const file = `${site.dir}/chap`;
    await run(['sh', '-c', 'printf %s conductor:s3cr3t-s3cr3t > "$1"', 'sh', file]);
    const agent = await site.deploy({ args: ['--chap-file', file] });
    const { status } = await agent.exited;
    assert.equal(status, 0, site.printed());
    assert.equal((await run(['cmp', site.image, site.disk])).status, 0);
    assert.doesNotMatch(site.printed(), /s3cr3t/);
  }));

test('without --live nothing is exported and every step is told', () =>
  withSite([{}, 8], async (site) => {
    const agent = await site.deploy({ live: false, args: ['--wait', '2'] });
    await agent.exited;
    assert.match(site.printed(), /would start tgtd/);
    assert.match(site.printed(), /would export/);
    assert.match(site.printed(), /would POST \S+pass_deploy_info \{"address":"127.0.0.1","key":"\[redacted\]"/);
    assert.match(site.printed(), /would wait for "done"/);
    assert.doesNotMatch(site.printed(), /^(exported|the conductor knows)/m, 'it says what it did not do');
    assert.match(site.printed(), /"ok":true,"dry":true/);
    assert.equal(site.conductor.nodes()[0]?.state, 'deploy wait', 'the conductor was told');
    assert.equal(await tgtdRuns(site.iscsiPort), false);
  }));

test('SIGTERM in the middle of the wait stops the target and leaves nothing behind', () =>
  withSite([{ image: '/nonexistent/image.raw' }, 8], async (site) => {
    const agent = await site.deploy();
    await until('the target listens', () => isOpen(site.iscsiPort));
    await until('port 10000 is open', () => isOpen(site.donePort));
    await agent.stop(15_000);
    await until('tgtd is gone', async () => !(await tgtdRuns(site.iscsiPort)));
  }));
