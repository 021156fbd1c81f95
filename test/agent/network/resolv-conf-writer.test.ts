import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseIpArguments } from '../../../agent/kernel-line/ip-argument.ts';
import { announceNameservers, nameServers } from '../../../agent/network/resolv-conf-writer.ts';
import { createLog } from '../../../platform/log/log.ts';
import { createSystem } from '../../../platform/system.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const LINE = 'ip=10.0.0.7:::24::eth0:none:10.0.0.53 nameserver=[2001:db8::53] nameserver=10.0.0.53';

test('the name servers of the kernel line are handed to the one writer of resolv.conf, which is then run', async (t) => {
  const root = temporaryDirectory(t);
  const script = join(root, 'usr/share/udhcpc/dhcp_mk_config.script');
  mkdirSync(join(root, 'usr/share/udhcpc'), { recursive: true });
  writeFileSync(script, `#!/bin/sh\necho "$1" >'${root}/ran'\n`);
  chmodSync(script, 0o755);
  const lines: string[] = [];
  const log = createLog({ people: (line) => lines.push(line) });
  await announceNameservers(parseIpArguments(LINE), { system: createSystem({ live: true, log }), log, root });
  assert.equal(readFileSync(join(root, 'tmp/razor-mk-net/kernel-line/dns'), 'utf8'), '10.0.0.53 2001:db8::53\n');
  assert.equal(readFileSync(join(root, 'ran'), 'utf8'), 'merge\n');
  assert.equal(existsSync(join(root, 'etc/resolv.conf')), false, 'nobody else writes it');
  writeFileSync(script, '#!/bin/sh\necho broken >&2; exit 3\n');
  await announceNameservers(parseIpArguments(LINE), { system: createSystem({ live: true, log }), log, root });
  assert.match(lines.join('\n'), /merge failed: broken/);
});

test('without that script the file is written here, with three servers at most; without servers nothing is', async (t) => {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, 'etc'));
  const log = createLog({});
  const parts = { system: createSystem({ live: true, log }), log, root };
  await announceNameservers(parseIpArguments('ip=dhcp'), parts);
  assert.equal(existsSync(join(root, 'etc/resolv.conf')), false);
  await announceNameservers(parseIpArguments('ip=dhcp nameserver=10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4'), parts);
  const written = readFileSync(join(root, 'etc/resolv.conf'), 'utf8');
  assert.equal(written, 'nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\n');
});

test('a dry agent changes nothing', async (t) => {
  const root = temporaryDirectory(t);
  const log = createLog({});
  await announceNameservers(parseIpArguments(LINE), { system: createSystem({ live: false, log }), log, root });
  assert.equal(existsSync(join(root, 'etc/resolv.conf')), false);
});

test('servers of another origin lie beside those of the leases, with their search list and their place', async (t) => {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, 'usr/share/udhcpc'), { recursive: true });
  const script = join(root, 'usr/share/udhcpc/dhcp_mk_config.script');
  writeFileSync(script, '#!/bin/sh\nexit 0\n');
  chmodSync(script, 0o755);
  const log = createLog({});
  const parts = { system: createSystem({ live: true, log }), log, root };
  const one = { origin: 'eth0+ra', order: 1_000_002, servers: ['fe80::1%eth0'], search: ['a.test', 'b.test'] };
  await nameServers(one, parts);
  const kept = (name: string): string => readFileSync(join(root, 'tmp/razor-mk-net/eth0+ra', name), 'utf8');
  assert.deepEqual(['dns', 'search', 'order'].map(kept), ['fe80::1%eth0\n', 'a.test b.test\n', '1000002\n']);
  await nameServers({ origin: 'eth0+ra', order: 1_000_002, servers: [], search: [] }, parts);
  assert.equal(kept('dns'), '\n', 'a router took them back');
});
