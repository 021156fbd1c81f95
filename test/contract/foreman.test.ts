/** The real program against a stand-in for Foreman (docs/contracts/foreman.md): facts up, the order to reboot down. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AgentEvent } from '../../agent/loop/events.ts';
import { selfSigned } from '../../agent/http/tls/self-signed.ts';
import { agentProcess } from '../helpers/agent-process.ts';
import { call } from '../helpers/foreman/call.ts';
import { rebootHost, startForeman, startSmartProxy } from '../helpers/foreman/server.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

const MACHINE = fileURLToPath(new URL('../fixtures/captures/firecracker.tar.gz', import.meta.url));
const MAC = '02:fc:00:db:02:41';

test('facts through a smart proxy, 201, refreshed facts, the order to reboot, would reboot', async (t) => {
  const dir = temporaryDirectory();
  const tls = selfSigned({ address: '127.0.0.1', days: 1, now: new Date() });
  const foreman = await startForeman({ tls });
  let api = '';
  const proxy = await startSmartProxy({ tls, foreman: foreman.url, nodeUrl: () => api });
  const words = [`proxy.url=${proxy.url}`, 'proxy.type=proxy', `BOOTIF=01-${MAC.replaceAll(':', '-')}`];
  const custom = ['fdi.pxfactname1=rack', 'fdi.pxfactvalue1=R7', 'fdi.pxfactname3=lost', 'fdi.pxfactvalue3=gap'];
  writeFileSync(join(dir, 'cmdline'), `quiet ${[...words, ...custom].join(' ')}\n`);
  writeFileSync(join(dir, 'ca.pem'), tls.cert);
  const files = ['--cmdline', join(dir, 'cmdline'), '--from', MACHINE, '--resolv-conf', join(dir, 'none')];
  const agent = await agentProcess([...files, '--checkin-skew', '0', '--ca-file', join(dir, 'ca.pem')]);
  t.after(async () => {
    await agent.stop();
    await proxy.close();
    await foreman.close();
  });

  const told = <K extends AgentEvent['event']>(name: K): Extract<AgentEvent, { event: K }> | undefined =>
    agent.events.find((event): event is Extract<AgentEvent, { event: K }> => event.event === name);
  await agent.until('orders are taken', () => told('listening') !== undefined);
  assert.deepEqual(proxy.requests, ['POST /discovery/create']);
  const [upload] = foreman.uploads;
  assert.equal(upload?.status, 201);
  const host = foreman.hosts.get(MAC);
  assert.ok(host);
  assert.equal(host.name, 'mac02fc00db0241');
  assert.equal(host.ip, '192.0.2.2');
  const columns = { cpuCount: 1, memory: 24106, diskCount: 1, disksSize: 262_144, model: '' };
  assert.deepEqual(host.columns, { ...columns, disksTotal: 262_144 * 1024 * 1024 });
  assert.deepEqual(
    host.interfaces.map(({ identifier }) => identifier),
    ['eth0'],
    'ifb0 and ifb1 are no cards',
  );
  assert.equal(host.facts['rack'], 'R7');
  assert.equal(host.facts['lost'], undefined);
  assert.equal(host.facts['foreman::dropped_subtree_facts'], undefined);
  assert.equal(host.facts['discovery_proxy_type'], 'proxy');
  assert.equal(host.facts['discovery_kexec'], undefined);

  api = told('listening')?.url ?? '';
  const refreshed = await call('GET', `${proxy.url}/discovery/${host.ip}/inventory/facter`);
  assert.equal(refreshed.status, 200);
  const facts = JSON.parse(refreshed.body) as Record<string, string>;
  assert.equal(facts['discovery_bootif'], MAC);
  const { body, status, certificate, route } = await rebootHost(host, { nodeUrl: () => api });
  assert.deepEqual([route, status, JSON.parse(body)], ['/power/reboot', 200, { result: true }]);
  assert.equal(new X509Certificate(certificate ?? '').subject, 'CN=127.0.0.1');
  await agent.until('it would reboot', (events) =>
    events.some((event) => event.event === 'would' && event.what.startsWith('reboot')),
  );
});
