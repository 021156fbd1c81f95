import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkBudget } from '../../../packaging/executable/budget.ts';
import { bundle } from '../../../packaging/bundle/bundle.ts';
import { verifyInstalled } from '../../../packaging/inventory/npm-archives.ts';
import { licenceFile, nodeLicenceFile, npmParts, projectPart } from '../../../packaging/inventory/licences.ts';
import { lockedNode } from '../../../packaging/executable/node-binary.ts';
import { ARCHES, PROJECT } from '../../../packaging/project-paths.ts';
import { sbom } from '../../../packaging/inventory/sbom.ts';
import { run } from '../../../platform/process/run.ts';
import { temporaryDirectory } from '../../helpers/temporary-directory.ts';

const directory = temporaryDirectory();
const made = await bundle({ version: '9.8.7', commit: 'abc1234', output: join(directory, 'razor-mk.cjs') });

test('nothing of the lab, the packager or the image builder is in the bundle', () => {
  assert.ok(made.modules.includes('agent/main.ts'));
  assert.deepEqual(
    made.modules.filter((path) => /^(lab|packaging|tinycore\/image|test|scripts)\//.test(path)),
    [],
  );
  for (const name of ['fastify', 'esbuild', '@yao-pkg/pkg', 'zod']) {
    const text = readFileSync(made.path, 'utf8');
    if (name !== 'zod') assert.ok(!made.packages.includes(name), name);
    else assert.ok(!text.includes('zod/locales'), 'the whole of zod got in instead of zod/mini');
  }
  assert.ok(made.packages.includes('yargs'));
});

test('with the lab, the bundle has that too, and still nothing of the packager and the image builder', async () => {
  const output = join(directory, 'razor-mk-lab.cjs');
  const whole = await bundle({ version: '9.8.7', commit: 'abc1234', lab: true, output });
  for (const path of ['agent/main.ts', 'lab/lab-server.ts', 'lab/store/postgres/connection.ts'])
    assert.ok(whole.modules.includes(path), path);
  assert.deepEqual(
    whole.modules.filter((path) => /^(packaging|tinycore\/image|test|scripts)\//.test(path)),
    [],
  );
  for (const name of ['fastify', 'pg']) assert.ok(whole.packages.includes(name), name);
  npmParts(whole.packages);
  const start = join(directory, 'start-lab.cjs');
  const load = `new (require('node:vm').Script)(require('node:fs').readFileSync(${JSON.stringify(whole.path)}, 'latin1'))`;
  writeFileSync(start, `${load}.runInThisContext()(exports, require, module, __filename);`);
  const help = await run([process.execPath, start, '--help']);
  const words = help.stdout.toString('utf8').replaceAll(/\s+/g, ' ');
  assert.match(words, / lab an embedded provisioning server, and verbs that talk to a running one package /);
  assert.match(words, / demo [^()]+\(in a clone only\) lab /);
  const checked = await run([process.execPath, start, 'lab', 'check', '--db', ':memory:']);
  assert.equal(checked.status, 0, checked.stderr.toString('utf8'));
});

test('the bundle knows its version and commit, and says where the other verbs are', async () => {
  // what the loader does in the executable
  const start = join(directory, 'start.cjs');
  const load = `new (require('node:vm').Script)(require('node:fs').readFileSync(${JSON.stringify(made.path)}, 'latin1'))`;
  writeFileSync(start, `${load}.runInThisContext()(exports, require, module, __filename);`);
  const version = await run([process.execPath, start, '--version']);
  assert.equal(version.stdout.toString('utf8'), `razor-mk 9.8.7 (commit abc1234, Node ${process.version})\n`);
  const demo = await run([process.execPath, start, 'demo']);
  assert.equal(demo.status, 64);
  assert.match(demo.stderr.toString('utf8'), /RAZOR_MK_CLONE_ONLY/);
});

test('the bundle is plain ASCII, so that it needs one byte a character in memory', () => {
  assert.equal(
    readFileSync(made.path).findIndex((byte) => byte > 0x7f),
    -1,
  );
});

test('two directories give the same bundle', async () => {
  mkdirSync(join(directory, 'elsewhere/deeper'), { recursive: true });
  const again = await bundle({
    version: '9.8.7',
    commit: 'abc1234',
    output: join(directory, 'elsewhere/deeper/razor-mk.cjs'),
  });
  assert.ok(readFileSync(again.path).equals(readFileSync(made.path)));
});

test('no native import() is left, which would make Node warn on the console of a node', () => {
  const text = readFileSync(made.path, 'utf8');
  assert.deepEqual(text.match(/[^.\w$]import\(["'`][^)]*\)/g) ?? [], []);
});

test('everything inside has its licence text, and the inventory lists it with its hash', () => {
  const parts = [projectPart('9.8.7'), ...npmParts(made.packages)];
  assert.ok(parts.length >= made.packages.length);
  for (const part of parts) assert.ok(part.text.length > 100, `${part.name}: ${part.text}`);
  assert.match(licenceFile(parts), /^ {2}yargs [\d.]+: MIT$/m);
  const options = { version: '9.8.7', commit: 'abc1234', sha256: '0'.repeat(64), parts, embedded: process.versions };
  const text = sbom(options);
  assert.equal(text, sbom(options), 'no clock and no random number in it');
  const document = JSON.parse(text) as {
    bomFormat: string;
    serialNumber: string;
    components: { name: string; purl: string; hashes?: { content: string }[] }[];
  };
  assert.equal(document.bomFormat, 'CycloneDX');
  assert.match(document.serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  const yargs = document.components.find((component) => component.name === 'yargs');
  assert.match(yargs?.purl ?? '', /^pkg:npm\/yargs@[\d.]+$/);
  assert.match(yargs?.hashes?.[0]?.content ?? '', /^[0-9a-f]{128}$/);
  assert.equal(new Set(document.components.map((component) => component.purl)).size, document.components.length);
});

test('an executable over its size budget fails the build and names both figures', () => {
  assert.doesNotThrow(() => checkBudget(19_900_000));
  assert.throws(() => checkBudget(19_900_001), /19,900,001 bytes compressed; the budget is 19,900,000/);
});

test('Node is pinned by version and integrity for both architectures', () => {
  for (const arch of ['x64', 'arm64'] as const) {
    const { version, integrity } = lockedNode(arch);
    assert.equal(`v${version}`, process.version);
    assert.match(integrity, /^sha512-[A-Za-z0-9+/]{86}==$/);
  }
});

test('the licence of the Node that goes into the executable lies where it is looked for', (t) => {
  const node = join(
    PROJECT,
    'node_modules',
    ARCHES[process.arch === 'arm64' ? 'arm64' : 'x64'].nodePackage,
    'bin/node',
  );
  if (!existsSync(node)) return t.skip('the package of Node is not installed');
  assert.match(readFileSync(nodeLicenceFile(node), 'utf8'), /Node\.js is licensed/);
});

test('a file of node_modules that is not the one of the pinned archive is refused, and so is another archive', async (t) => {
  const project = temporaryDirectory(t);
  const [bin, cache, installed] = ['bin', 'cache', 'node_modules/@a/b'].map((name) => join(project, name)) as [
    string,
    string,
    string,
  ];
  for (const directory of [bin, installed, join(project, 'package')]) mkdirSync(directory, { recursive: true });
  for (const file of ['index.js', 'other.js']) {
    writeFileSync(join(project, 'package', file), `// ${file}`);
    writeFileSync(join(installed, file), `// ${file}`);
  }
  execFileSync('tar', ['-czf', join(project, 'a-b-1.2.3.tgz'), '-C', project, 'package']);
  const archive = readFileSync(join(project, 'a-b-1.2.3.tgz'));
  const lock = (integrity: string): void =>
    writeFileSync(
      join(project, 'package-lock.json'),
      JSON.stringify({ packages: { 'node_modules/@a/b': { version: '1.2.3', integrity } } }),
    );
  lock(`sha512-${createHash('sha512').update(archive).digest('base64')}`);
  // a stand-in that gives what the registry would
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\n[ "$6" = '@a/b@1.2.3' ] && cp ${project}/a-b-1.2.3.tgz "$5/"\n`, {
    mode: 0o755,
  });
  const options = { cache, env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` }, say: () => undefined };
  const files = ['index.js', 'other.js'].map((file) => `node_modules/@a/b/${file}`);
  await verifyInstalled(files, options, project);
  writeFileSync(join(installed, 'other.js'), '// changed');
  await verifyInstalled(files.slice(0, 1), options, project);
  await assert.rejects(verifyInstalled(files, options, project), {
    code: 'RAZOR_MK_PACKAGE',
    message: 'node_modules/@a/b/other.js is not the file that package-lock.json pins',
  });
  writeFileSync(join(installed, 'new.js'), '');
  await assert.rejects(verifyInstalled(['node_modules/@a/b/new.js'], options, project), { code: 'RAZOR_MK_PACKAGE' });
  lock(`sha512-${createHash('sha512').update('another').digest('base64')}`);
  await assert.rejects(verifyInstalled(files.slice(0, 1), options, project), { message: /integrity/ });
});
