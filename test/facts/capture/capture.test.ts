import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { captureMachine, captureSources, collectFacts, factValues, openSources } from '../../../facts/facts.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { makeTree } from '../../helpers/tree.ts';

const MACHINE = {
  'proc/meminfo': 'MemTotal: 1048576 kB\n',
  'proc/cmdline': 'quiet BOOTIF=01-52-54-00-aa-bb-01 api_token=geheim\n',
  'sys/class/net/eth0/address': '52:54:00:aa:bb:01\n',
  'sys/class/net/eth0/type': '1\n',
  'sys/class/net/eth0/ifindex': '2\n',
  'sys/class/net/eth0/device/': '',
  'sys/class/dmi/id/product_serial': 'CZ3126K8X1\n',
  'sys/class/dmi/id/product_uuid': '4c4c4544-0042-3510-8056-c4c04f4e5831\n',
};

test('a capture of this machine gives the same facts, byte for byte, every time it is replayed', async () => {
  const { bytes, set } = await captureMachine({ sources: openSources() });
  const replayed = await collectFacts({ sources: await captureSources(bytes, 'this machine') });
  assert.equal(JSON.stringify(factValues(replayed)), JSON.stringify(factValues(set)));
  assert.deepEqual(replayed.identity, set.identity);
});

test('capturing the same tree twice gives the same bytes', async (t) => {
  const root = makeTree(t, MACHINE);
  const one = await captureMachine({ sources: openSources({ root }) });
  const two = await captureMachine({ sources: openSources({ root }) });
  assert.ok(one.bytes.equals(two.bytes));
  const cmdline = (await captureSources(one.bytes, 'one')).text('/proc/cmdline');
  assert.match(cmdline ?? '', /api_token=\[redacted\]/); // a capture is passed on; the token was not meant to be
});

test('a redacted capture holds no MAC, serial or UUID of the machine, and still fits together', async (t) => {
  const root = makeTree(t, MACHINE);
  const { bytes } = await captureMachine({ sources: openSources({ root }), redact: true });
  const set = await collectFacts({ sources: await captureSources(bytes, 'redacted') });
  const values = factValues(set);
  const text = JSON.stringify([values, set.identity]).toLowerCase();
  for (const secret of ['52:54:00:aa:bb:01', 'cz3126k8x1', '4c4c4544-0042-3510-8056-c4c04f4e5831', 'aa-bb-01'])
    assert.ok(!text.includes(secret), secret);
  assert.match(values['macaddress_eth0'] ?? '', /^52:54:00:/);
  assert.equal(values['mk_boot_mac'], values['macaddress_eth0']);
  assert.match(values['serialnumber'] ?? '', /^[A-Z]{2}\d{4}[A-Z]\d[A-Z]\d$/);
});

test('what is no capture, is cut short, or holds a foreign manifest is refused with its code', async (t) => {
  const root = makeTree(t, MACHINE);
  const { bytes } = await captureMachine({ sources: openSources({ root }) });
  const self = readFileSync(import.meta.filename);
  for (const bad of [self, Buffer.alloc(0), bytes.subarray(0, bytes.length / 2), Buffer.alloc(100_000)])
    await assert.rejects(
      captureSources(bad, 'bad'),
      (error: unknown) => error instanceof RazorMkError && error.code === 'RAZOR_MK_CAPTURE',
    );
});

test('a fact asked of a capture that was not recorded is absent, never taken from the machine that replays', async (t) => {
  const { bytes } = await captureMachine({ sources: openSources({ root: makeTree(t, {}) }) });
  const sources = await captureSources(bytes, 'empty');
  assert.equal(sources.text('/proc/self/status'), undefined);
  assert.equal((await sources.run(['uname', '-a'])).failure, 'not-found');
  assert.deepEqual(sources.list('/proc'), []);
});

const CAPTURES = join(import.meta.dirname, '../../fixtures/captures');

for (const name of readdirSync(CAPTURES).filter((one) => one.endsWith('.tar.gz'))) {
  test(`the recorded machine ${name} gives the facts that it gave when it was recorded`, async () => {
    const sources = await captureSources(readFileSync(join(CAPTURES, name)), name);
    const golden = JSON.parse(readFileSync(join(CAPTURES, name.replace('.tar.gz', '.facts.json')), 'utf8')) as unknown;
    assert.deepEqual(factValues(await collectFacts({ sources })), golden);
  });
}

test('the serial of a memory module in the raw SMBIOS table is replaced in a redacted capture', async (t) => {
  const text = 'DIMM A1\0Bank 0\0ACME\0SN-98765XY\0PN-1\0\0';
  const header = Buffer.alloc(34);
  header.set([17, 34, 0, 0]);
  header.set([1, 2], 0x10);
  header.set([3, 4], 0x17);
  header[0x1a] = 5;
  const table = Buffer.concat([header, Buffer.from(text, 'latin1'), Buffer.from([127, 4, 1, 0, 0, 0])]);
  const root = makeTree(t, { 'sys/firmware/dmi/tables/DMI': table });
  const plain = await captureMachine({ sources: openSources({ root }) });
  const redacted = await captureMachine({ sources: openSources({ root }), redact: true });
  const bytes = async (capture: Buffer): Promise<string> =>
    (await captureSources(capture, 'x')).bytes('/sys/firmware/dmi/tables/DMI')?.toString('latin1') ?? '';
  assert.match(await bytes(plain.bytes), /SN-98765XY/);
  assert.doesNotMatch(await bytes(redacted.bytes), /98765XY/);
  assert.match(await bytes(redacted.bytes), /ACME\0[A-Z]{2}-\d{5}[A-Z]{2}\0/);
});
