import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../../../platform/process/run.ts';
import { facterArguments } from '../../../facts/cli/facter-alias.ts';
import { disagreements } from '../../../facts/second-opinion/second-opinion.ts';
import { commandLine, type Ran } from '../../helpers/command-line.ts';
import { MAIN, WITH_CACHE } from '../../helpers/razor-mk.ts';
import { addToTree, makeTree, type TreeFiles } from '../../helpers/tree.ts';

const cli = (words: readonly string[]): Promise<Ran> => commandLine(words);

test('facts are one line of JSON where no terminal reads them; a name gives that fact alone', async () => {
  const { out, status } = await cli(['facts']);
  assert.equal(status, 0);
  assert.equal(out.trim().split('\n').length, 1);
  const one = JSON.parse((await cli(['facts', 'kernel'])).out) as unknown;
  assert.deepEqual(one, { kernel: 'Linux' });
});

// one rule on such a fact, without a default, makes razor-server answer none to the node for ever
test('--missing names the facts of Facter that a razor-server site’s rules may read and that are not there', async (t) => {
  const root = makeTree(t, { 'proc/meminfo': 'MemTotal: 1048576 kB\n' });
  const { out, status } = await cli(['facts', '--missing', '--root', root]);
  assert.equal(status, 0);
  const names = /^razor-server: facts of Facter that are not there: (.*)\nA tag rule .* without a default/.exec(
    out,
  )?.[1];
  const missing = names?.split(', ') ?? [];
  for (const name of ['facterversion', 'gid', 'lsbdistid', 'rubyversion', 'identity.user', 'networking.ip'])
    assert.ok(missing.includes(name), name);
  for (const name of ['memorysize', 'kernel', 'is_virtual', 'memory.system.total_bytes'])
    assert.ok(!missing.includes(name), name);
});

test('explain memorysize names /proc/meminfo, the line, and what would keep it back', async (t) => {
  const root = makeTree(t, { 'proc/meminfo': 'MemTotal: 1048576 kB\n' });
  const { out } = await cli(['facts', 'explain', 'memorysize', '--root', root]);
  assert.match(out, /memorysize\n\s+value\s+1024\.00 MB/);
  assert.match(out, /source\s+\/proc\/meminfo/);
  assert.match(out, /raw\s+MemTotal: 1048576 kB/);
});

test('explain says which part of the pattern keeps a fact back, and which servers use it', async () => {
  assert.match((await cli(['facts', 'explain', 'kernelrelease'])).out, /kept back by \(\^kernel\.\*\$\)/);
  assert.match((await cli(['facts', 'explain', 'mk_hw_nic_count'])).out, /used by\s+Razor 0\.x, Hanlon: tag nics_/);
});

test('explain looks at the pattern that a server pushed last', async (t) => {
  const state = makeTree(t, { 'mk_conf.yaml': '---\nmk_fact_excl_pattern: "(^virtual$)|(^x$)"\n' });
  const { out } = await cli(['facts', 'explain', 'virtual', 'kernelrelease', '--state-dir', state]);
  assert.match(out, /^virtual\n(?: {2}.*\n)* {2}sent\s+no: kept back by \(\^virtual\$\)$/m);
  assert.match(out, /^kernelrelease\n(?: {2}.*\n)* {2}sent\s+yes$/m);
});

test('the options of a verb are not those of the verbs below it', async () => {
  const { out, status } = await cli(['facts', 'explain', '--help']);
  assert.equal(status, 0);
  assert.match(out, /--json /);
  assert.match(out, /--hardware native\|lshw/);
  assert.doesNotMatch(out, /--timing|--second-opinion/);
});

test('a mistyped name is answered with the near ones and a status of its own', async () => {
  const { err, status } = await cli(['facts', 'memroysize']);
  assert.match(err, /did you mean memorysize/);
  assert.equal(status, 65);
});

test('identity strikes out what identifies nothing and shows the id of each dialect', async (t) => {
  const base = 'sys/class/net/eth0';
  const root = makeTree(t, {
    [`${base}/address`]: '52:54:00:aa:bb:01\n',
    [`${base}/type`]: '1\n',
    [`${base}/ifindex`]: '2\n',
    [`${base}/device/`]: '',
    'sys/class/net/br0/address': '52:54:00:aa:bb:01\n',
    'sys/class/net/br0/type': '1\n',
    'sys/class/net/br0/bridge/': '',
    'sys/class/dmi/id/product_uuid': '00000000-0000-0000-0000-000000000000\n',
    'sys/class/dmi/id/product_serial': 'To Be Filled By O.E.M.\n',
  });
  const { out } = await cli(['facts', 'identity', '--root', root]);
  assert.match(out, /mac eth0\s+52:54:00:aa:bb:01\n/);
  assert.match(out, /mac br0\s+~~52:54:00:aa:bb:01~~\s+\(a bridge\)/);
  assert.match(out, /uuid system\s+~~0000.*~~\s+\(only zeros\)/);
  assert.match(out, /serial system\s+~~To Be Filled By O\.E\.M\.~~/);
  assert.match(out, /razor\s+525400AABB01\n/);
});

test('identity says why a BMC’s card is out, and its switches take cards in and out', async (t) => {
  const card = (name: string, index: number, mac: string, driver: string): TreeFiles => ({
    [`sys/class/net/${name}/address`]: `${mac}\n`,
    [`sys/class/net/${name}/type`]: '1\n',
    [`sys/class/net/${name}/ifindex`]: `${index}\n`,
    [`sys/class/net/${name}/device/driver`]: `-> ../drivers/${driver}`,
  });
  const root = makeTree(t, {
    ...card('eth0', 2, '52:54:00:aa:bb:01', 'e1000e'),
    ...card('usb0', 3, 'be:3a:f2:b6:05:9f', 'rndis_host'),
  });
  const { out } = await cli(['facts', 'identity', '--root', root]);
  assert.match(out, /mac usb0\s+~~be:3a:f2:b6:05:9f~~\s+\(a BMC’s host interface/);
  assert.match(out, /razor\s+525400AABB01\n/);
  const choice = ['--identity-include', 'usb0', '--identity-exclude', '52-54-00-AA-BB-01'];
  assert.match((await cli(['facts', 'identity', '--root', root, ...choice])).out, /razor\s+BE3AF2B6059F\n/);
});

test('every verb that gathers names the groups that were lost', async (t) => {
  const root = makeTree(t, { 'sys/firmware/dmi/tables/DMI': Buffer.from([1, 200, 0, 0, 1]) });
  const verbs = [
    ['facts'],
    ['facts', 'identity'],
    ['facts', 'explain', 'virtual'],
    ['capture', join(root, 'x.tar.gz')],
  ];
  for (const words of verbs) {
    const { err, status } = await cli([...words, '--root', root]);
    assert.equal(status, 0, words.join(' '));
    assert.match(err, /^razor-mk: facts lost: dmi: the SMBIOS table is damaged/m, words.join(' '));
  }
});

test('--diff compares with JSON and with a capture, leaves free memory out, and says by its status that something changed', async (t) => {
  const root = makeTree(t, { 'proc/meminfo': 'MemTotal: 1048576 kB\nMemFree: 1 kB\n', 'sys/block/sda/device/': '' });
  const before = join(root, 'before.json');
  writeFileSync(before, (await cli(['facts', '--root', root])).out);
  const capture = join(root, 'before.tar.gz');
  assert.equal((await cli(['capture', capture, '--root', root])).status, 0);
  addToTree(root, { 'proc/meminfo': 'MemTotal: 1048576 kB\nMemFree: 9999 kB\n' });
  assert.equal((await cli(['facts', '--root', root, '--diff', before])).status, 0);
  addToTree(root, { 'sys/block/sdb/device/': '' });
  const { status, out } = await cli(['facts', '--root', root, '--diff', capture]);
  assert.equal(status, 1);
  assert.match(out, /- blockdevices: sda\n\+ blockdevices: sda,sdb\n/);
});

test('the name facter is answered in Facter’s way', async (t) => {
  const alias = join(makeTree(t, {}), 'facter');
  symlinkSync(MAIN, alias);
  const facter = async (...words: string[]): Promise<string> =>
    (await run([process.execPath, alias, ...words], { timeoutMs: 60_000, env: WITH_CACHE })).stdout.toString();
  assert.equal(await facter('kernel'), 'Linux\n');
  assert.match(await facter('kernel', 'hostname'), /^kernel => Linux\nhostname => \S+\n$/);
  assert.equal(await facter('no_such_fact'), '\n');
  const launcher = join(makeTree(t, {}), 'facter');
  symlinkSync(new URL('../../../bin/razor-mk.cjs', import.meta.url).pathname, launcher);
  const linked = await run([process.execPath, launcher, 'kernel'], { timeoutMs: 60_000, env: WITH_CACHE });
  assert.equal(linked.stdout.toString(), 'Linux\n', 'a link to the launcher of a clone too');
  assert.deepEqual(facterArguments(['-y', '-p', 'kernel']), ['facts', '--format', 'yaml', '--lenient', 'kernel']);
});

test('--inventory and --format yaml and facter print what they say', async (t) => {
  const root = makeTree(t, { 'proc/meminfo': 'MemTotal: 1048576 kB\n' });
  const inventory = JSON.parse((await cli(['facts', '--inventory', '--root', root])).out) as {
    memory: { total: number };
  };
  assert.equal(inventory.memory.total, 1_073_741_824);
  assert.match((await cli(['facts', '--format', 'yaml', '--root', root])).out, /^memorysize: "1024\.00 MB"$/m);
  assert.match((await cli(['facts', '--format', 'facter', '--root', root])).out, /^memorysize => 1024\.00 MB$/m);
});

test('a second opinion lists where others differ, not how they spell it', () => {
  const report = {
    name: 'facter',
    values: [
      { fact: 'memorysize', theirs: '23.54 GiB' },
      { fact: 'macaddress', theirs: '52:54:00:aa:bb:01' },
      { fact: 'virtual', theirs: 'kvm' },
    ],
  };
  const ours = { memorysize: '23.54 GB', macaddress: '52:54:00:AA:BB:01', virtual: 'firecracker' };
  assert.deepEqual(disagreements(ours, [report]), [
    { program: 'facter', fact: 'virtual', ours: 'firecracker', theirs: 'kvm' },
  ]);
});

test('facts are asked for by beginning, by glob and by pattern; a missing name hides no other, and is explained', async (t) => {
  const root = makeTree(t, { 'proc/meminfo': 'MemTotal: 1048576 kB\nMemFree: 1024 kB\n' });
  const lines = (await cli(['facts', 'memorys', 'memory*_mb', '--root', root, '--format', 'line'])).out;
  assert.deepEqual(lines.split('\n').sort(), [
    '',
    'memoryfree_mb=1.00',
    'memorysize=1024.00 MB',
    'memorysize_mb=1024.00',
  ]);
  assert.match(
    (await cli(['facts', '--match', '1024\\.00 mb', '--root', root])).out,
    /^\{"memorysize":"1024.00 MB"[^}]*\}$/m,
  );
  const some = await cli(['facts', 'nosuchfact', 'memorysize', 'serialnumber', '--root', root]);
  assert.deepEqual([some.status, some.out], [65, '{"memorysize":"1024.00 MB"}\n']);
  assert.match(some.err, /no fact nosuchfact$/m);
  assert.match(some.err, /no fact serialnumber: there is no SMBIOS table here/);
});

test('explain says why a fact of the catalogue is absent, and where it was looked for', async (t) => {
  const root = makeTree(t, { 'proc/meminfo': 'MemTotal: 1048576 kB\n' });
  const { out, status } = await cli(['facts', 'explain', 'serialnumber', '--root', root]);
  assert.equal(status, 0);
  assert.match(
    out,
    /^serialnumber\n {2}absent {3}there is no SMBIOS table here.*\n {2}source {3}\/sys\/firmware\/dmi\/tables\/DMI, which is not here$/m,
  );
});

test('--tags says without a server which tags it would give, and what the others would take', async (t) => {
  const files = { 'proc/meminfo': 'MemTotal: 1048576 kB\n', 'rules.json': '' };
  const root = makeTree(t, files);
  const rules = join(root, 'rules.json');
  const ask = (...words: string[]) => cli(['facts', '--tags', ...words, '--root', root]);
  assert.match((await ask()).out, /^Razor 0\.x: 3 of 5 rules hold/m);
  const lacking = await ask('nics_2', 'nisc_2', 'memsize_1GiB');
  assert.equal(lacking.status, 1);
  assert.match(
    lacking.out,
    /^lacks nics_2: mk_hw_nic_count is "0"; wanted: reads "2"; from \S+ \(rule nics\)\n {2}it would take: mk_hw_nic_count = "2"$/m,
  );
  assert.match(lacking.out, /^lacks nisc_2: no rule gives it; did you mean nics_2/m);
  assert.match(lacking.out, /^has memsize_1GiB \(rule memsize\)$/m);
  const razor = {
    '@name': 'big',
    '@tag': 'big',
    '@tag_matchers': [{ '@key': 'memorysize_mb', '@compare': 'like', '@value': '^9', '@inverse': 'false' }],
  };
  for (const [text, expected] of [
    [
      JSON.stringify({ response: [razor] }),
      /^Razor 0\.x: [^]*^- big: memorysize_mb is "1024\.00"; wanted: is like "\^9"; from \/proc\/meminfo \(rule big\)$/m,
    ],
    [
      '[{"name":"deb","rule":["=",["fact","memorysize_mb"],"9"]}]',
      /^razor-server 1\.x: 0 of 1 [^]*it would take: memorysize_mb = "9"$/m,
    ],
    [
      'web: memory > 4096 and model = KVM',
      /^Foreman: 0 of 1 [^]*it would take: memorysize_mb = "4097" and productname = "KVM"$/m,
    ],
  ] as const) {
    writeFileSync(rules, text);
    const { out, err } = await ask('--rules', rules);
    assert.match(out, expected, err);
  }
  writeFileSync(rules, '[{"name":"odd","matchers":[{"key":"a","compare":"near"}]}]');
  const refused = await ask('--rules', rules);
  assert.deepEqual(
    [refused.status, /rule odd: compare must be equal or like, not "near"/.test(refused.err)],
    [65, true],
  );
});

test('--diff last compares what is sent: the pattern in force counts, and what was sent before', async (t) => {
  const root = makeTree(t, { 'proc/meminfo': 'MemTotal: 1048576 kB\n' });
  const sent = JSON.parse((await cli(['facts', '--root', root, '--exclude', '^(kernel.*|path|ps)$'])).out) as object;
  const state = makeTree(t, {
    'mk_conf.yaml': '---\nmk_fact_excl_pattern: "^(kernel.*|path|ps)$"\n',
    'prev_facts.yaml': JSON.stringify({ ...sent, razor_mk_write_image: 'on' }),
  });
  const { out, status } = await cli(['facts', '--diff', 'last', '--root', root, '--state-dir', state]);
  assert.deepEqual([status, out], [0, 'no difference\n']);
});
