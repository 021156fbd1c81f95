import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notFoundRemedy, withoutDnsRemedy, wrongPortRemedy } from '../../../agent/servers/remedies.ts';
import type { ServerDescriptor } from '../../../agent/servers/server.ts';
import { parseCommandLine } from '../../../platform/kernel-line.ts';

type Named = Parameters<typeof notFoundRemedy>[0];
const server = (discovery: object): Named =>
  ({
    address: { key: 'razor.ip', form: 'HOST', withPort: 'HOST:PORT' },
    discovery: { kernelKeys: ['razor.server', 'razor.ip'], ...discovery },
  }) as unknown as Pick<ServerDescriptor, 'address' | 'discovery'>;
const END = 'razor-mk discover --explain shows each step.';
const remedy = (discovery: object, line = ''): string => notFoundRemedy(server(discovery), parseCommandLine(line));

test('what was given is to be corrected', () => {
  assert.equal(
    remedy({}, 'razor.ip=x'),
    `Correct razor.ip= on the kernel line, or the DNS that has its name. It takes HOST. ${END}`,
  );
  assert.equal(
    remedy({}, 'razor.server=x razor.ip=y'),
    `Correct razor.server= on the kernel line, or the DNS that has its name. ${END}`,
  );
});

test('else all the ways are named', () => {
  const line = 'razor.ip=HOST on the kernel line';
  assert.equal(remedy({}), `Give ${line}; ${END}`);
  assert.equal(remedy({}, 'razor.ip='), `Give ${line}; ${END}`);
  assert.equal(remedy({ nextServer: true }), `Give ${line} or next-server in DHCP; ${END}`);
  assert.equal(
    remedy({ dnsName: 'razor', nextServer: true, srvName: '_razor._tcp' }),
    `Give ${line}, a DNS name \`razor\`, next-server in DHCP or a DNS service _razor._tcp; ${END}`,
  );
});

test('a wrong port, and a server without DNS', () => {
  assert.equal(wrongPortRemedy(server({})), 'Start the provisioning server, or correct the port (razor.ip=HOST:PORT).');
  assert.equal(withoutDnsRemedy(server({})), 'razor.ip= with an IP address on the kernel line needs no DNS');
});
