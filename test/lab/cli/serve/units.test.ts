import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { unitText } from '../../../../lab/cli/serve/units.ts';
import { run, type RunResult } from '../../../../platform/process/run.ts';
import { authority, noOpenssl } from '../../../helpers/certificates.ts';
import { temporaryDirectory } from '../../../helpers/temporary-directory.ts';

const MAIN = fileURLToPath(new URL('../../../../agent/main.ts', import.meta.url));
const lab = (...words: string[]): Promise<RunResult> =>
  run([process.execPath, MAIN, 'lab', ...words], { timeoutMs: 60_000 });
const UNIT = 'etc/systemd/system/razor-mk-lab.service';

test('install-units writes service, user and a configuration that lab check takes, and leaves one that is there alone', async (t) => {
  const root = temporaryDirectory(t);
  const first = await lab('install-units', '--root', root);
  assert.equal(first.status, 0, first.stderr.toString());
  assert.match(readFileSync(join(root, UNIT), 'utf8'), /^ExecStart=\S+.* lab --config \/etc\/razor-mk\/lab\.yaml$/m);
  assert.equal(statSync(join(root, UNIT)).mode & 0o777, 0o644);
  const config = join(root, 'etc/razor-mk/lab.yaml');
  const text = readFileSync(config, 'utf8').replace('/var/lib/razor-mk-lab/', `${root}/`);
  writeFileSync(config, text);
  const checked = await lab('check', '--config', config);
  assert.equal(checked.status, 0, checked.stdout.toString());
  assert.match(checked.stdout.toString(), /^good +database +\S+ will be made$/m);
  await lab('install-units', '--root', root);
  assert.equal(readFileSync(config, 'utf8'), text);
});

test('the unit starts a program whose path has blanks and percent signs', () => {
  const line = /^ExecStart=(.*)$/m.exec(unitText(['/opt/a b/node', '/opt/100%/main.ts'], '/etc/x.yaml'))?.[1];
  assert.equal(line, '"/opt/a b/node" /opt/100%%/main.ts lab --config /etc/x.yaml');
});

const noAnalyze = spawnSync('systemd-analyze', ['--version']).error ? 'systemd-analyze is not installed' : false;

test('systemd reads the unit without a word, and finds it exposed to less than 3.0', { skip: noAnalyze }, async (t) => {
  const root = temporaryDirectory(t);
  await lab('install-units', '--root', root);
  const unit = join(root, UNIT);
  const security = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=29', unit], {
    encoding: 'utf8',
  });
  assert.equal(security.status, 0, security.stdout.slice(-200) + security.stderr);
  assert.match(security.stdout, /Overall exposure level for razor-mk-lab\.service: [0-2]\.\d/);
  const verify = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
  const about = verify.stderr.split('\n').filter((line) => line.includes('razor-mk-lab'));
  assert.deepEqual(about, [], verify.stderr);
});

test(
  'lab check names each thing that would keep a lab from starting, and ends with 78',
  { skip: noOpenssl },
  async (t) => {
    const dir = temporaryDirectory(t);
    const [one, other] = [authority(dir, 'one'), authority(dir, 'other')];
    const broken = join(dir, 'broken.db');
    writeFileSync(broken, 'x'.repeat(5000));
    chmodSync(other.keyFile, 0o644);
    const words = ['--tls-cert', one.certFile, '--tls-key', other.keyFile, '--task-files', one.certFile];
    const said = await lab('check', ...words, '--people-host', '0.0.0.0');
    const text = said.stdout.toString();
    assert.equal(said.status, 78);
    assert.match(text, /^wrong +certificate +the key is not that of the certificate/m);
    assert.match(text, /^wrong +task files +\S+one\.pem is not a directory/m);
    assert.match(text, /^note +database +in memory/m);
    assert.match(text, /^note +people +0\.0\.0\.0: neither operators nor a token/m);
    assert.match(said.stderr.toString(), /other\.key can be read by every user/);
    const damaged = await lab('check', '--db', broken);
    assert.equal(damaged.status, 78);
    assert.match(damaged.stdout.toString(), /^wrong +database .*not a database/m);
    const good = await lab('check', '--tls-cert', one.certFile, '--tls-key', one.keyFile);
    assert.match(good.stdout.toString(), /^good +certificate +good until /m);
    assert.equal(good.status, 0);
  },
);
