import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, openSync, closeSync, constants, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { collectFacts, factValues, openSources, type Sources } from '../../facts/facts.ts';
import { createSources } from '../../facts/sources/recording.ts';
import { fileOrigin } from '../../facts/sources/filesystem.ts';
import { readConfigSpace } from '../../facts/sources/config-space.ts';
import { createSlowReader } from '../../facts/sources/slow.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { addToTree, makeTree } from '../helpers/tree.ts';
import { madeUpSources } from '../helpers/memory-origin.ts';

test('a FIFO in place of a file, with a writer that never writes, costs its own fact only', async (t) => {
  const root = makeTree(t, { 'proc/meminfo': 'MemTotal: 1024 kB\n', 'sys/class/dmi/id/sys_vendor': 'ACME\n' });
  execFileSync('mkfifo', [join(root, 'sys/class/dmi/id/product_name'), join(root, 'proc/cpuinfo')]);
  const writer = openSync(join(root, 'proc/cpuinfo'), constants.O_RDWR | constants.O_NONBLOCK);
  t.after(() => closeSync(writer));
  const set = await collectFacts({ sources: openSources({ root }) });
  assert.equal(set.facts.get('manufacturer')?.value, 'ACME');
  assert.equal(set.facts.get('productname'), undefined);
  assert.match(set.facts.get('razor_mk_errors')?.value ?? '', /product_name: NOT_A_FILE/);
});

test('an endless device behind a link is cut off, not read to its end', (t) => {
  const root = makeTree(t, { 'proc/': '' });
  execFileSync('mknod', [join(root, 'zero'), 'c', '1', '5']);
  addToTree(root, { 'proc/cpuinfo': '-> ../zero' });
  const sources = openSources({ root });
  assert.equal(sources.text('/proc/cpuinfo'), undefined);
  assert.deepEqual(sources.failures, [{ path: '/proc/cpuinfo', code: 'NOT_A_FILE' }]);
});

test('a link that leads out of a tree stays inside it', (t) => {
  const root = makeTree(t, {
    'etc/os-release': '-> /usr/lib/os-release',
    'usr/lib/os-release': 'ID=inside\n',
    'etc/hosts': '-> ../../../../../../../../etc/hosts',
    'etc/passwd': '-> /etc/passwd',
  });
  const sources = openSources({ root });
  assert.equal(sources.text('/etc/os-release'), 'ID=inside\n');
  assert.equal(sources.text('/etc/passwd'), undefined);
  assert.equal(sources.text('/etc/hosts'), undefined);
});

test('a driver that never answers loses its own file; the third is not even asked', async () => {
  const asked: string[] = [];
  const reader = createSlowReader((path) => {
    asked.push(path);
    return new Promise(() => undefined);
  }, 20);
  const answers = await Promise.all(['/a', '/b', '/c', '/d'].map((path) => reader(path, 100)));
  assert.deepEqual(
    answers,
    Array.from({ length: 4 }, () => ({ code: 'TIMEOUT' })),
  );
  assert.deepEqual(asked, ['/a', '/b']);
  assert.deepEqual(await reader('/a', 100), { code: 'TIMEOUT' });
  assert.equal(asked.length, 2);
});

test('a slow file that answers in time is there afterwards, and one that came back late is asked again', async () => {
  let release: (() => void) | undefined;
  let calls = 0;
  const reader = createSlowReader(async () => {
    calls += 1;
    if (calls === 1) await new Promise<void>((resolve) => (release = resolve));
    return Buffer.from('1000\n');
  }, 20);
  assert.equal((await reader('/speed', 100)).code, 'TIMEOUT');
  release?.();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await reader('/speed', 100)).bytes?.toString(), '1000\n');
});

test('EIO of one file is named in razor_mk_errors and loses that fact only', async () => {
  const sources = madeUpSources({
    files: {
      '/sys/block/sda/device/model': 'GOOD\n',
      '/sys/block/sdb/device/model': 'BAD\n',
      '/sys/block/sda/size': '8\n',
    },
    failing: { '/sys/block/sdb/device/model': 'EIO' },
  });
  const values = factValues(await collectFacts({ sources }));
  assert.equal(values['blockdevice_sda_model'], 'GOOD');
  assert.equal(values['blockdevice_sdb_model'], undefined);
  assert.equal(values['blockdevices'], 'sda,sdb');
  assert.match(values['razor_mk_errors'] ?? '', /sdb\/device\/model: EIO/);
});

test('empty, unreadable and truncated files give absent facts and no exception', async (t) => {
  const root = makeTree(t, {
    'proc/meminfo': '',
    'proc/cpuinfo': 'processor\t: 0\nmodel name\t: Half a na',
    'proc/uptime': '\0\0\0',
    'proc/filesystems': '',
    'sys/firmware/dmi/tables/DMI': Buffer.from([1, 27, 1, 0, 1, 2]),
    'sys/class/net/eth0/address': 'not a mac\n',
    'sys/class/net/eth0/type': '1\n',
    'sys/block/sda/size': '-5\n',
    'sys/block/sda/device/': '',
  });
  chmodSync(join(root, 'proc/uptime'), 0);
  const set = await collectFacts({ sources: openSources({ root }) });
  assert.equal(set.facts.get('processor0')?.value, 'Half a na');
  assert.equal(set.facts.get('macaddress_eth0'), undefined);
  assert.match(set.facts.get('razor_mk_errors')?.value ?? '', /SMBIOS table is damaged/);
});

test('a file that changes while it is read gives one of its states, or a part, never an exception', async (t) => {
  const root = makeTree(t, { 'proc/cpuinfo': '' });
  const path = join(root, 'proc/cpuinfo');
  const text = Array.from({ length: 20_000 }, (_, i) => `processor\t: ${i % 64}\nmodel name\t: X\n\n`).join('');
  for (let i = 0; i < 20; i += 1) {
    writeFileSync(path, text);
    const sources = openSources({ root });
    const before = sources.text('/proc/cpuinfo', 16 * 1024 * 1024);
    truncateSync(path, i * 1000);
    assert.equal(before?.length, text.length);
    await collectFacts({ sources });
  }
});

test('a path that cannot be followed in a tree loses its own value only', async (t) => {
  const root = makeTree(t, {
    'proc/meminfo': 'MemTotal: 1048576 kB\n',
    'proc/cpuinfo': 'processor\t: 0\nmodel name\t: X\n\n',
    // a file where a directory is looked for below it (ENOTDIR): every NVMe controller has some
    'sys/class/nvme/nvme0/cntlid': '1\n',
    'sys/class/net/eth0': 'not a directory\n',
    // links in a circle (ELOOP)
    'sys/block/sda': '-> sdb',
    'sys/block/sdb': '-> sda',
    'sys/class/dmi/id': '-> id/id',
  });
  const set = await collectFacts({ sources: openSources({ root }) });
  assert.equal(set.facts.get('razor_mk_errors')?.value, undefined);
  assert.equal(set.facts.get('mk_hw_mem_size')?.value, '1GiB');
  assert.equal(set.facts.get('mk_hw_nic_count')?.value, '0');
  assert.equal(set.facts.get('interfaces')?.value, 'eth0');
  const sources = openSources({ root });
  for (const path of ['/sys/class/nvme/nvme0/cntlid/uevent', '/sys/block/sda/size', '/proc/a\0b']) {
    assert.equal(sources.text(path), undefined, path);
    assert.equal(sources.exists(path), false, path);
    assert.deepEqual(sources.list(path), [], path);
    assert.equal(sources.link(path), undefined, path);
    assert.equal(sources.real(path), undefined, path);
  }
  await sources.prefetch(['/sys/class/net/eth0/speed/x', '/sys/block/sdb/size']);
});

test('what a driver does not support is absent, and no failure', () => {
  const files = { '/sys/class/net/eth0/type': '1\n' };
  for (const code of ['ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'ENODATA']) {
    const sources = madeUpSources({ files, failing: { '/sys/class/net/eth0/phys_port_name': code } });
    assert.equal(sources.line('/sys/class/net/eth0/phys_port_name'), undefined);
    assert.deepEqual(sources.failures, [], code);
  }
});

test('reads are capped', (t) => {
  const root = makeTree(t, { 'proc/cpuinfo': 'x'.repeat(3_000_000) });
  assert.equal(createSources(fileOrigin(root)).text('/proc/cpuinfo')?.length, 1024 * 1024);
});

test('4,096 processors, 512 disks and 200 network cards are gathered whole', async () => {
  const files: Record<string, string> = {};
  let cpuinfo = '';
  for (let i = 0; i < 4096; i += 1) {
    cpuinfo += `processor\t: ${i}\nmodel name\t: Big CPU\nflags\t\t: fpu lm\n\n`;
    files[`/sys/devices/system/cpu/cpu${i}/topology/physical_package_id`] = `${i >> 8}\n`;
    files[`/sys/devices/system/cpu/cpu${i}/topology/core_id`] = `${i & 255}\n`;
  }
  files['/proc/cpuinfo'] = cpuinfo;
  files['/sys/devices/system/cpu/present'] = '0-4095\n';
  for (let i = 0; i < 512; i += 1) {
    files[`/sys/block/sd${i}/size`] = '2097152\n';
    files[`/sys/block/sd${i}/device/model`] = 'DISK\n';
  }
  for (let i = 0; i < 200; i += 1) {
    const base = `/sys/class/net/eth${i}`;
    files[`${base}/address`] = `52:54:00:00:00:${i.toString(16).padStart(2, '0')}\n`;
    files[`${base}/ifindex`] = `${i + 1}\n`;
    files[`${base}/type`] = '1\n';
    files[`${base}/device/vendor`] = '0x8086\n';
  }
  const set = await collectFacts({ sources: madeUpSources({ files }) });
  const values = factValues(set);
  assert.equal(values['processorcount'], '4096');
  assert.equal(values['physicalprocessorcount'], '16');
  assert.equal(values['processor4095'], 'Big CPU');
  assert.equal(values['mk_disk_count'], '512');
  assert.equal(set.identity.interfaces.length, 200);
  assert.deepEqual(
    set.identity.interfaces.slice(9, 11).map((one) => one.name),
    ['eth9', 'eth10'],
  );
});

test('of a configuration space only the header and the capabilities are read, and they are the device’s', (t) => {
  const directory = temporaryDirectory(t);
  const whole = Buffer.from(Array.from({ length: 256 }, (_, i) => (i * 7) & 0xff));
  whole.writeUInt16LE(0x0010, 0x06); // a list of capabilities
  whole[0x34] = 0x50;
  whole.set([0x05, 0x90, 0x12, 0x34], 0x50);
  whole.set([0x11, 0x00, 0x56, 0x78], 0x90);
  writeFileSync(join(directory, 'config'), whole);
  const { bytes } = readConfigSpace(join(directory, 'config'), 256);
  assert.equal(bytes?.length, 256);
  for (const [from, to] of [
    [0x04, 0x08],
    [0x0c, 0x10],
    [0x34, 0x38],
    [0x3c, 0x40],
    [0x50, 0x54],
    [0x90, 0x94],
  ] as const) {
    assert.ok(bytes.subarray(from, to).equals(whole.subarray(from, to)), String(from));
  }
  for (const at of [0x10, 0x18, 0xa0]) {
    assert.equal(bytes.readUInt32LE(at), 0, 'what nobody looks at is not asked of the device');
  }
  whole[0x0e] = 0x81; // a bridge: it has the numbers of its buses
  writeFileSync(join(directory, 'config'), whole);
  assert.equal(readConfigSpace(join(directory, 'config'), 256).bytes?.readUInt32LE(0x18), whole.readUInt32LE(0x18));
  whole[0x90 + 1] = 0x50; // a circle
  writeFileSync(join(directory, 'config'), whole);
  assert.equal(readConfigSpace(join(directory, 'config'), 256).bytes?.length, 256);
  assert.equal(readConfigSpace(join(directory, 'none'), 64).code, 'ENOENT');
});

test('what a list of the running machine’s /sys has not is not asked for; of a tree every path is asked', () => {
  const asked: string[] = [];
  const fake = (kind: 'live' | 'tree'): Sources =>
    createSources({
      ...fileOrigin('/'),
      kind,
      list: (path) => ({ '/sys/class': ['net'], '/sys/class/net': ['eth0'] })[path],
      exists: (path) => (asked.push(path), true),
      read: (path) => (asked.push(path), { code: 'ENOENT' }),
    });
  const live = fake('live');
  assert.equal(live.exists('/sys/class/tpm'), false);
  assert.deepEqual(live.list('/sys/class/nvme'), []);
  assert.equal(live.line('/sys/class/tpm/tpm0/caps'), undefined);
  assert.deepEqual(live.list('/sys/class/net'), ['eth0']);
  assert.equal(live.exists('/sys/class/net/eth0'), true);
  assert.equal(live.line('/sys/class/net/eth1/address'), undefined);
  assert.deepEqual(asked, ['/sys/class/net/eth1/address'], 'two levels down nothing is known');
  assert.equal(fake('tree').exists('/sys/class/tpm'), true);
});
