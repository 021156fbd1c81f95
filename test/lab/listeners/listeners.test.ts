import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { get } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { run } from '../../../platform/process/run.ts';
import { startLab, type Lab } from '../../../lab/lab-server.ts';
import { checkin, register, startLabProcess } from '../../helpers/lab-process.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const NO_PORTS = { nodes: 0, images: 0, people: 0, razorServer: 0 };

async function withLab(options: Parameters<typeof startLab>[0], work: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = await startLab({ ports: NO_PORTS, ...options });
  try {
    await work(lab);
  } finally {
    await lab.close();
  }
}

describe('the listeners for nodes and for people', () => {
  it('keep people’s verbs away from nodes, and nodes’ calls away from people', async () => {
    await withLab({}, async (lab) => {
      for (const url of [lab.nodesUrl, lab.imagesUrl, lab.razorServerUrl]) {
        assert.equal((await fetch(`${url}/api/nodes`)).status, 404, url);
      }
      assert.equal((await fetch(`${lab.peopleUrl}/razor/api/boot?hw_id=AA`)).status, 404);
      assert.equal((await fetch(`${lab.peopleUrl}/api/nodes`)).status, 200);
    });
  });

  it('do not open the one for people to the network without a token', async () => {
    await assert.rejects(startLab({ ports: NO_PORTS, people: { host: '0.0.0.0' } }), { code: 'RAZOR_MK_LAB_NO_TOKEN' });
  });

  it('ask people for the token, as bearer or as a browser’s password, and for nothing less', async () => {
    await withLab({ people: { token: 'open sesame' } }, async (lab) => {
      const status = async (authorization?: string): Promise<number> =>
        (await fetch(`${lab.peopleUrl}/api/nodes`, { headers: authorization === undefined ? {} : { authorization } }))
          .status;
      assert.equal(await status(), 401);
      assert.equal(await status('Bearer wrong'), 401);
      assert.equal(await status(`Basic ${btoa('me:wrong')}`), 401);
      assert.equal(await status(`Basic ${btoa('me:open sesame')}`), 200);
    });
    await withLab({ people: { token: 'sesame' } }, async (lab) => {
      assert.equal(
        (await fetch(`${lab.peopleUrl}/api/nodes`, { headers: { authorization: 'Bearer sesame' } })).status,
        200,
      );
      assert.equal((await fetch(`${lab.nodesUrl}/razor/api/boot?hw_id=AA`)).status, 200, 'nodes need none');
    });
  });

  it('are closed to a page of others: by another host name, and without JSON', async () => {
    await withLab({}, async (lab) => {
      const { port } = new URL(lab.peopleUrl);
      const statusOf = (host: string): Promise<number | undefined> =>
        new Promise((resolve) =>
          get({ port, host: '127.0.0.1', path: '/api/nodes', headers: { host } }, (reply) => {
            reply.resume();
            resolve(reply.statusCode);
          }),
        );
      const others = [
        'evil.example',
        'evil-localhost',
        'x127.0.0.1',
        'localhost.evil.example',
        '127.0.0.1.evil',
        '[::2]',
      ];
      for (const host of others) assert.equal(await statusOf(host), 403, host);
      for (const host of ['localhost', `127.0.0.1:${port}`, '[::1]:80']) assert.equal(await statusOf(host), 200, host);
      const form = await fetch(`${lab.peopleUrl}/api/tags`, {
        method: 'POST',
        body: '{"name":"a","tag":"a","matchers":[]}',
      });
      assert.equal(form.status, 415);
    });
  });

  it('speak https to people with a certificate', async (t) => {
    const directory = temporaryDirectory();
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    const made = await run([
      ...(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] as const),
      ...['-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost'],
    ]);
    if (made.failure === 'not-found') return t.skip('openssl is not installed');
    writeFileSync(join(directory, 'token'), 'sesame\n');
    const lab = await startLabProcess('--tls-cert', cert, '--tls-key', key, '--token-file', join(directory, 'token'));
    try {
      assert.match(lab.peopleUrl, /^https:/);
      const status = await new Promise((resolve, reject) => {
        const headers = { authorization: 'Bearer sesame' };
        request(`${lab.peopleUrl}/api/nodes`, { rejectUnauthorized: false, headers }, (reply) => {
          reply.resume();
          resolve(reply.statusCode);
        })
          .on('error', reject)
          .end();
      });
      assert.equal(status, 200);
    } finally {
      await lab.stop();
    }
    return undefined;
  });
});

describe('the verbs', () => {
  it('say that no lab answers, what the lab refused, and what could be meant', async () => {
    const lab = await startLabProcess();
    try {
      const refused = await lab.verb('model', 'add', '--label', 'x', '--template', 'plan9');
      assert.equal(refused.status, 65);
      assert.match(refused.err, /template: unknown template plan9; known: .*debian.*\n +code: +RAZOR_MK_LAB_REFUSED/);
      const nobody = await lab.verb('node', 'get', 'nobody');
      assert.match(nobody.err, /unknown node nobody/);
      const table = await lab.verb('template', '--format', 'table');
      assert.match(table.out, /^NAME +FAMILY +ANSWERS +DESCRIBE\n/);
      const json = await lab.verb('policy');
      assert.deepEqual(JSON.parse(json.out), []);
      const words = [
        '--label',
        'x',
        '--template',
        'debian',
        '--set',
        'root_password=sesame',
        '--set',
        'domainname=a.b',
      ];
      const model = await lab.verb('model', 'add', ...words);
      assert.deepEqual((JSON.parse(model.out) as { metadata: unknown }).metadata, {
        root_password: '(hidden)',
        domainname: 'a.b',
      });
      await register(lab.nodesUrl, '525400000001', { a: '1' });
      assert.equal((await lab.verb('node', 'force', '52:54:00:00:00:01', 'reboot')).status, 0);
      assert.equal(await checkin(lab.nodesUrl, '525400000001'), 'reboot');
      assert.equal((await lab.verb('node', 'force', '525400000001')).status, 64);
      assert.match((await lab.verb('log', '--format', 'table')).out, / checkin .*reboot: forced for this node/);
      await lab.stop();
      const gone = await lab.verb('node');
      assert.equal(gone.status, 69);
      assert.match(gone.err, /no lab answers at .*\n +code: +RAZOR_MK_LAB_UNREACHABLE\n +remedy: +Start one/);
    } finally {
      await lab.stop();
    }
  });
});
