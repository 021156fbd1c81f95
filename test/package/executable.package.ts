/** npm run test:package: the executable for real. Two builds in two directories, a bare chroot, the extension twice. */
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { sha256OfFile } from '../../packaging/executable/budget.ts';
import { bundle } from '../../packaging/bundle/bundle.ts';
import { makeCodeCache } from '../../packaging/bundle/code-cache.ts';
import { buildExecutable, type PackageResult } from '../../packaging/executable/executable.ts';
import { buildExtension, layOutExtension } from '../../packaging/extension/extension-package.ts';
import { V8_FLAGS } from '../../packaging/executable/sea.ts';
import { run } from '../../platform/process/run.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';

const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
const directory = temporaryDirectory();
const root = process.getuid?.() === 0;
const noRoot = root ? false : 'chroot needs root';

async function build(place: string): Promise<PackageResult> {
  const output = join(directory, place);
  mkdirSync(output, { recursive: true });
  const [version, commit] = ['9.8.7', 'abc1234'];
  const cache = join(directory, 'cache');
  return await buildExecutable({ arch, version, commit, output, cache, env: {}, budget: false, say: () => undefined });
}
const made = await build('one');

/** A root directory with nothing but the executable and its libraries, at the places that the ELF file names. */
function bareRoot(): string {
  const bare = temporaryDirectory();
  for (const place of ['lib64', 'lib']) mkdirSync(join(bare, place));
  for (const { name, path } of made.libraries)
    copyFileSync(path, join(bare, name.startsWith('ld-') ? 'lib64' : 'lib', name));
  for (const { name, path } of made.libraries) if (name.startsWith('ld-')) copyFileSync(path, join(bare, 'lib', name));
  copyFileSync(made.executable, join(bare, 'razor-mk'));
  return bare;
}

test('two directories give the same bytes, and the same inventory', async () => {
  const again = await build('two/deeper');
  assert.equal(again.sha256, made.sha256);
  assert.equal(await sha256OfFile(again.executable), await sha256OfFile(made.executable));
  assert.ok(readFileSync(again.sbom).equals(readFileSync(made.sbom)));
  assert.ok(readFileSync(again.licences).equals(readFileSync(made.licences)));
});

test('the code cache is the same ten times: which of its compilers V8 was busy with once stood in it', async () => {
  const stage = temporaryDirectory();
  const code = join(stage, 'razor-mk.cjs');
  await bundle({ version: '9.8.7', commit: 'abc1234', output: code });
  const hashes = new Set<string>();
  for (let i = 0; i < 10; i++) {
    const cache = await makeCodeCache({ arch, node: process.execPath, flags: V8_FLAGS, code, stage });
    assert.ok(cache);
    hashes.add(await sha256OfFile(cache));
  }
  assert.equal(hashes.size, 1);
});

test('it runs where there is nothing but its libraries: no /proc, no /etc, no Node', { skip: noRoot }, async () => {
  const bare = bareRoot();
  const version = await run(['chroot', bare, '/razor-mk', '--version']);
  assert.equal(version.stdout.toString('utf8'), `razor-mk 9.8.7 (commit abc1234, Node ${process.version})\n`);
  const facts = await run(['chroot', bare, '/razor-mk', 'facts', '--json']);
  assert.doesNotMatch(facts.stderr.toString('utf8'), /MODULE_NOT_FOUND|ERR_|at .*node:/);
});

test('it finds the list of PCI names that it carries', { skip: noRoot }, async (t) => {
  if (made.parts.every(({ name }) => name !== 'pci.ids'))
    return t.skip('Debian’s pinned pci.ids is not installed here');
  const bare = bareRoot();
  mkdirSync(join(bare, 'machine'));
  const machine = new URL('../fixtures/machines/q35-nics.tar.gz', import.meta.url).pathname;
  await run(['tar', '-xzf', machine, '-C', join(bare, 'machine')]);
  const facts = await run(['chroot', bare, '/razor-mk', 'facts', '--root', '/machine']);
  assert.match(facts.stdout.toString('utf8'), /82545EM Gigabit Ethernet Controller \(Copper\)/);
});

test('what is left in the environment does not reach its Node', async () => {
  writeFileSync(join(directory, 'evil.cjs'), 'console.log("evil"); process.exit(3);');
  const env = { NODE_OPTIONS: `--require ${join(directory, 'evil.cjs')}` };
  const result = await run([made.executable, '--version'], { env });
  assert.equal(result.status, 0);
  assert.doesNotMatch(result.stdout.toString('utf8'), /evil/);
});

test('the extension is the same twice, and its wrapper runs under its own loader', { skip: noRoot }, async () => {
  const common = { arch, executable: made.executable, libraries: made.libraries, epoch: 1_767_225_600 } as const;
  const more = { licences: made.licences, sbom: made.sbom, version: '9.8.7', compression: 'gzip' } as const;
  const outputs = ['a/razor-mk.tcz', 'b/razor-mk.tcz'].map((name) => join(directory, name));
  for (const output of outputs) {
    mkdirSync(dirname(output));
    await buildExtension({ ...common, ...more, output });
  }
  const [first, second] = outputs.map((output) => readFileSync(output));
  assert.ok(first !== undefined && second !== undefined && first.equals(second));
  const md5 = await run(['md5sum', '-c', 'razor-mk.tcz.md5.txt'], { cwd: join(directory, 'a') });
  assert.equal(md5.status, 0);
  const list = readFileSync(join(directory, 'a/razor-mk.tcz.list'), 'utf8').split('\n');
  for (const path of ['usr/local/bin/razor-mk', 'usr/local/lib/razor-mk/razor-mk', 'usr/local/tce.installed/razor-mk'])
    assert.ok(list.includes(path), path);
  // a userland of which only the shell is used; its C library lies elsewhere than the wrapper looks
  const bare = temporaryDirectory();
  layOutExtension(bare, { ...common, licences: made.licences, sbom: made.sbom });
  await layOutShell(bare);
  const result = await run(['chroot', bare, '/bin/sh', '/usr/local/bin/razor-mk', '--version'], {
    env: { NODE_OPTIONS: '--bogus', LD_LIBRARY_PATH: '/nowhere' },
  });
  assert.equal(result.stderr.toString('utf8'), '');
  assert.equal(result.stdout.toString('utf8'), `razor-mk 9.8.7 (commit abc1234, Node ${process.version})\n`);
});

/** /bin/sh with what it needs. */
async function layOutShell(into: string): Promise<void> {
  const needs = (await run(['ldd', '/bin/sh'])).stdout.toString('utf8').match(/\/\S+/g) ?? [];
  for (const path of ['/bin/sh', ...needs]) {
    mkdirSync(join(into, dirname(path)), { recursive: true });
    copyFileSync(path, join(into, path));
  }
}
