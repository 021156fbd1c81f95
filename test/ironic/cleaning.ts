/** Cases: lookup, heartbeat and commands, by way of a cleaning that the real conductor runs. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { ask } from './api.ts';
import type { Case } from './case.ts';
import { begin, commandsOf, follow, type Operation } from './operations.ts';
import { MAC, theNode, type World } from './world.ts';

interface Beat {
  readonly callback_url: string;
  readonly agent_token: string;
  readonly agent_version: string;
  readonly agent_verify_ca: string;
}

function heartbeats(world: World): { body: Beat; version: unknown; status: number }[] {
  return world.door.seen
    .filter(({ path }) => path.startsWith('/v1/heartbeat/'))
    .map(({ body, headers, status }) => ({
      body: JSON.parse(body) as Beat,
      version: headers['x-openstack-ironic-api-version'],
      status,
    }));
}

let cleaning: Operation | undefined;

export const CLEANING: readonly Case[] = [
  {
    title: 'the enrolled node becomes manageable',
    async run(world) {
      const { uuid } = await theNode(world);
      await world.api.patch(uuid, {
        'driver_info/deploy_kernel': `${world.files.url}/kernel`,
        'driver_info/deploy_ramdisk': `${world.files.url}/ramdisk`,
        'properties/capabilities': 'boot_option:local,boot_mode:bios',
        automated_clean: true,
      });
      await world.api.provision(uuid, 'manage');
      await world.api.follow(uuid, ['manageable'], { onState: (state) => world.tell(`Ironic: ${state}`) });
      return undefined;
    },
  },
  {
    title:
      'a node that is locked (409) is asked again; the agent may be restarted meanwhile and keeps token, URL and certificate',
    async run(world) {
      const locked = JSON.stringify({ error_message: JSON.stringify({ faultstring: 'Node is locked by host x' }) });
      world.door.intercept = (method) => (method === 'POST' ? { status: 409, body: locked } : undefined);
      const first = await begin(world, 'provide', 'clean wait');
      const { message } = await first.agent.waitFor('error');
      assert.match(message, /409: Node is locked by host x/);
      await first.agent.stop();
      const line = world.kernelLine(first.node.uuid, MAC);
      world.door.intercept = undefined;
      const agent = await world.agent(line, { stateDir: first.agent.stateDir });
      await agent.waitFor('heartbeat');
      cleaning = { node: first.node, agent };
      const beats = heartbeats(world);
      assert.ok(beats.length >= 2);
      const keys = ['callback_url', 'agent_token', 'agent_version', 'agent_verify_ca'] as const;
      for (const { body } of beats) for (const key of keys) assert.equal(body[key], beats[0]?.body[key], key);
      assert.deepEqual(
        beats.map(({ status }) => status).toSorted(),
        [202, ...beats.slice(1).map(() => 409)].toSorted(),
      );
      return `${beats.length} heartbeats, all to ${beats[0]?.body.callback_url}`;
    },
  },
  {
    title: 'automated cleaning runs our step, and the node becomes available',
    async run(world) {
      assert.ok(cleaning);
      const node = await follow(world, cleaning, 'available');
      const commands = commandsOf(cleaning.agent);
      assert.ok(commands.indexOf('clean.get_clean_steps') >= 0);
      assert.ok(commands.indexOf('clean.execute_clean_step') > commands.indexOf('clean.get_clean_steps'));
      await cleaning.agent.stop();
      return `${commands.join(', ')}; last_error ${String(node.last_error)}`;
    },
  },
  {
    title: 'the token was given once: the lookup after the restart was answered with stars',
    run(world) {
      const tokens = world.door.seen
        .filter(({ path, status }) => path.startsWith('/v1/lookup') && status === 200)
        .map(({ reply }) => (JSON.parse(reply) as { config: { agent_token: string } }).config.agent_token);
      assert.equal(tokens.length, 2);
      assert.match(tokens[0] ?? '', /^[\w-]{32,}$/);
      assert.equal(tokens[1], '******');
      assert.equal(heartbeats(world).at(-1)?.body.agent_token, tokens[0]);
      return Promise.resolve(undefined);
    },
  },
  {
    title:
      'versions: the server’s own is asked first, then lookup at 1.62 and heartbeat at 1.68, never more than it knows',
    run(world) {
      const seen = world.door.seen;
      const version = (path: string): unknown[] =>
        seen.filter((each) => each.path.startsWith(path)).map((each) => each.headers['x-openstack-ironic-api-version']);
      assert.equal(seen[0]?.path, '/');
      assert.deepEqual([...new Set(version('/v1/lookup'))], ['1.62']);
      assert.deepEqual([...new Set(version('/v1/heartbeat'))], ['1.68']);
      const root = JSON.parse(seen[0]?.reply ?? '{}') as { default_version: { version: string } };
      return Promise.resolve(`the server has ${root.default_version.version}`);
    },
  },
  {
    title: 'the certificate: self-signed P-384 for the address of the callback, good now and in 80 days',
    run(world) {
      const [beat] = heartbeats(world);
      const certificate = new X509Certificate(beat?.body.agent_verify_ca ?? '');
      assert.equal(certificate.subjectAltName, 'IP Address:127.0.0.1');
      assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'secp384r1');
      assert.ok(certificate.verify(certificate.publicKey));
      const days = (Date.parse(certificate.validTo) - Date.now()) / 86_400_000;
      assert.ok(days > 80 && days < 91, `${days} days`);
      assert.ok(Date.parse(certificate.validFrom) < Date.now() - 3_000_000, 'clocks may differ by an hour');
      return Promise.resolve(`until ${certificate.validTo}`);
    },
  },
  {
    title: 'traps of the real API: chunked bodies, versions that it has not, and unknown keys are refused',
    async run(world) {
      const { uuid } = await theNode(world);
      const url = `${world.peer.apiUrl}/v1/heartbeat/${uuid}`;
      const [beat] = heartbeats(world);
      const body = { ...beat?.body };
      const chunked = await ask('POST', url, { body, chunked: true, version: '1.68' });
      assert.equal(chunked.status, 400);
      const { dropsChunks } = world.release;
      // the token was the cleaning's
      assert.match(chunked.text, dropsChunks ? /Missing mandatory parameter: callback_url/ : /missing agent token/);
      const unknown = await ask('POST', url, { body: { ...body, razor: 1 }, version: '1.68' });
      assert.equal(unknown.status, 400);
      assert.match(unknown.text, /Unexpected arguments: razor/);
      const tooNew = await ask('GET', `${world.peer.apiUrl}/v1/lookup?addresses=${MAC}`, { version: '1.999' });
      assert.equal(tooNew.status, 406);
      const tooOld = await ask('POST', url, { body, version: '1.67' });
      assert.equal(tooOld.status, 400);
      assert.match(tooOld.text, /agent_verify_ca/);
      return `chunked ${dropsChunks ? '400' : 'read'}, unknown key 400, 1.999 406, agent_verify_ca below 1.68 400`;
    },
  },
  {
    title: 'a heartbeat to a node that waits for none is refused, with words inside a string inside JSON',
    async run(world) {
      const { uuid } = await theNode(world);
      const [beat] = heartbeats(world);
      const answer = await ask('POST', `${world.peer.apiUrl}/v1/heartbeat/${uuid}`, {
        body: { ...beat?.body },
        version: '1.68',
      });
      assert.equal(answer.status, 400);
      const outer = answer.json as { error_message: string };
      assert.equal(typeof outer.error_message, 'string');
      const inner = JSON.parse(outer.error_message) as { faultstring: string };
      assert.match(inner.faultstring, /token/);
      return inner.faultstring;
    },
  },
];
