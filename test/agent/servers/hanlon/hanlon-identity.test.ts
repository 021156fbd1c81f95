import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setUp } from '../../../../agent/cli/setup.ts';
import { createHanlon, HANLON_BODY_LIMIT } from '../../../../agent/servers/hanlon/hanlon.ts';
import { createRazorServer, RAZOR_SERVER_BODY_LIMIT } from '../../../../agent/servers/razor-server/razor-server.ts';
import type { Host } from '../../../../platform/process/verb.ts';
import { makeTree } from '../../../helpers/tree.ts';

const identity = { interfaces: [{ name: 'eth0', mac: '52:54:00:00:00:01' }], serial: undefined, assetTag: undefined };

test('the UUID that iPXE put on the kernel line is Hanlon’s, if it is there exactly once; other dialects do not look', async (t) => {
  const kernels = 'DE305D54-75B4-431B-ADB2-EB6B9E546013';
  const root = makeTree(t, {
    'sys/class/dmi/id/product_uuid': `${kernels}\n`,
    'sys/class/net/eth0/address': '52:54:00:00:00:01\n',
    'sys/class/net/eth0/type': '1\n',
    'sys/class/net/eth0/device/': '',
    cmdline: '',
  });
  const ipxes = '545d30de-b475-1b43-adb2-eb6b9e546013';
  const uuidWith = async (kernelLine: string, dialect = 'hanlon'): Promise<string | undefined> => {
    writeFileSync(join(root, 'cmdline'), kernelLine);
    const none = join(root, 'none');
    const args = {
      cmdline: join(root, 'cmdline'),
      'resolv-conf': none,
      'next-server-file': none,
      'dns-port': undefined,
      config: '/dev/null',
      root,
      from: undefined,
      'state-dir': undefined,
      dialect,
    };
    const silent = { env: {}, out: () => undefined, err: () => undefined, interactive: false, colour: false };
    const host: Host = { ...silent, columns: 80, self: ['razor-mk'], signal: new AbortController().signal };
    const setup = await setUp(args, host);
    return (await setup.collect(setup.settings({}).values)).identity.uuid?.toLowerCase();
  };
  assert.equal(await uuidWith(`quiet smbios_uuid=${ipxes}`), ipxes);
  assert.equal(await uuidWith(`smbios_uuid=${ipxes} smbios_uuid=${kernels}`), kernels.toLowerCase());
  assert.equal(await uuidWith('smbios_uuid='), kernels.toLowerCase());
  assert.equal(await uuidWith(`smbios_uuid=${ipxes}`, 'razor'), kernels.toLowerCase());
});

test('requests of Hanlon and razor-server are bounded: the largest facts go, what policies match on stays, and it is said', () => {
  const large = Object.fromEntries(Array.from({ length: 22 }, (_, i) => [`site_${i}`, `${i}`.padEnd(60_000, 'x')]));
  const facts = { ...large, memorysize: '16 GB', 'odd(name)': '1' };
  const report = {
    identity: { ...identity, uuid: undefined, note: undefined },
    facts,
    firstCheckin: true,
    lastState: 'idle',
  };
  const exchange = (): Promise<never> => Promise.reject(new Error('nothing is sent'));
  const hanlon = createHanlon({ serverUrl: 'http://h:8026', exchange }).previewRegister(report);
  const razor = createRazorServer({ serverUrl: 'http://r:8150/svc/checkin/1', exchange }).previewCheckin(report);
  for (const [preview, limit] of [
    [hanlon, HANLON_BODY_LIMIT],
    [razor, RAZOR_SERVER_BODY_LIMIT],
  ] as const) {
    const body = preview?.body ?? '';
    assert.ok(body.length <= limit && body.length > limit / 2, String(body.length));
    assert.match(body, /"memorysize":"16 GB"/);
    assert.match(body, /"oddname":"1"/);
    assert.match(preview?.notes.join() ?? '', /^fact site_\d+ \(60000 bytes\) is left out/);
  }
});
