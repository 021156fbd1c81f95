/**
 * What installers would get, read by the formats' own programs: debconf-set-selections, cloud-init, ignition-validate, xmllint,
 * Python's readers of TOML, YAML and JSON, and the shell; kickstart files by a strict reader of our own. Those that are not installed are unpacked from Debian's packages; where that is not possible, each is a skip with its name.
 */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { before, after, test, type TestContext } from 'node:test';
import { startLab, type Lab } from '../../lab/lab-server.ts';
import { TEMPLATES } from '../../lab/installers/templates.ts';
import { run } from '../../platform/process/run.ts';
import { gptImage, LINUX } from '../agent/disk-image/tables/tables.ts';
import { debianTree } from '../helpers/debian-tree.ts';
import { temporaryDirectory } from '../helpers/temporary-directory.ts';
import { readKickstart } from './kickstart.ts';

interface PreviewFile {
  readonly name: string;
  readonly url?: string;
  readonly text?: string;
  readonly refused?: string;
}

const dir = temporaryDirectory();
const build = fileURLToPath(new URL('../../build/validators', import.meta.url));
/** What finds the unpacked programs. */
let env: Record<string, string> = {};
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0000000000000000000000000000000000000000000 somebody@example.org';
/** A password with everything that means something somewhere. */
const PASSWORD = `it's $(a) <b> & "c" \\ #{d} %e`;
let lab: Lab;

before(async () => {
  const packages = ['cloud-init', 'ignition', 'libxml2-utils', 'python3-yaml'];
  const tree = await debianTree({ dir: build, packages, tell: (line) => void process.stdout.write(`${line}\n`) });
  if (typeof tree === 'string') process.stdout.write(`validators: only what is installed: ${tree}\n`);
  else {
    env = {
      PATH: `${tree.root}/usr/bin:${process.env['PATH'] ?? ''}`,
      PYTHONPATH: `${tree.root}/usr/lib/python3/dist-packages`,
      LD_LIBRARY_PATH: `${tree.root}/usr/lib/x86_64-linux-gnu`,
    };
  }
  mkdirSync(join(dir, 'tasks/talos'), { recursive: true });
  writeFileSync(join(dir, 'tasks/talos/config.yaml'), 'machine:\n  network:\n    hostname: {{yaml hostname}}\n');
  writeFileSync(
    join(dir, 'boot.cfg'),
    'bootstate=0\nkernel=/b.b00\nkernelopt=runweasel\nmodules=/jumpstrt.gz --- /useropts.gz\n',
  );
  const partitions = [{ type: LINUX, name: 'root', first: 2048, last: 4095 }];
  writeFileSync(join(dir, 'disk.raw'), gptImage(8192, partitions));
  lab = await startLab({ ports: { nodes: 0, images: 0, people: 0 }, taskFiles: join(dir, 'tasks') });
});
after(async () => {
  await lab.close();
  process.stdout.write(`${[...verdicts].map(([row, verdict]) => `${row}${verdict}`).join('\n')}\n`);
});

async function api(method: string, path: string, body?: unknown): Promise<unknown> {
  const reply = await fetch(`${lab.peopleUrl}/api${path}`, {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const answer: unknown = await reply.json();
  assert.ok(reply.ok, `${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

/** Every file of a template, with all settings that it may have. */
async function preview(template: string, metadata: Readonly<Record<string, string>>): Promise<readonly PreviewFile[]> {
  const { family } = TEMPLATES.find(({ name }) => name === template) ?? {};
  const type = family === 'image' ? 'disk' : family === 'linux' ? 'os' : family;
  const label = `${template} ${Object.keys(metadata).length}`;
  const path = family === 'image' ? join(dir, 'disk.raw') : dir;
  await api('POST', '/images', { type, path, name: label, version: '1', force: true });
  await api('POST', '/models', { label, template, image: label, metadata });
  return (await api('GET', `/models/${encodeURIComponent(label)}/preview`)) as PreviewFile[];
}

const FULL = {
  root_password: PASSWORD,
  ssh_key: KEY,
  timezone: 'Europe/Berlin',
  packages: 'openssh-server wget curl',
  tasks: 'standard ssh-server',
  security_mirror: '10.0.0.1:8090',
  install_device: '/dev/nvme0n1',
  product: 'SLES',
  kernel_args: 'console=ttyS0 quiet',
};
const LEAST = { root_password: 'sesame' };

const CLOUD_INIT = ['/usr/bin/python3', '-m', 'cloudinit.cmd.main'] as const;

/** What reads a file, by its name; undefined for one that nothing here reads. */
function reader(name: string, text: string, path: string): readonly [string, ...string[]] | undefined {
  if (name.endsWith('.toml')) {
    return ['/usr/bin/python3', '-c', 'import sys, tomllib; tomllib.load(open(sys.argv[1], "rb"))', path];
  }
  if (name === 'preseed') return ['debconf-set-selections', '--checkonly', path];
  if (/(user|vendor)-data$/.test(name)) return [...CLOUD_INIT, 'schema', '--config-file', path];
  if (name.endsWith('.ign')) return ['ignition-validate', path];
  if (text.startsWith('<?xml')) return ['xmllint', '--noout', '--nonet', path];
  if (text.startsWith('#!/bin/sh')) return ['dash', '-n', path];
  if (/\.(json|yaml)$|-data$/.test(name)) {
    return [
      '/usr/bin/python3',
      '-c',
      'import sys, yaml; assert isinstance(yaml.safe_load(open(sys.argv[1])), dict)',
      path,
    ];
  }
  return undefined;
}

/** Verdicts by template, file and program, for the table at the end. */
const verdicts = new Map<string, string>();

function tell(template: string, name: string, program: string, verdict: string): void {
  verdicts.set(`${template.padEnd(18)}${name.padEnd(24)}${program.padEnd(24)}`, verdict);
}

async function checkKickstart(template: string, text: string): Promise<void> {
  const { faults, scripts } = readKickstart(text, template.startsWith('vmware') ? 'esxi' : 'redhat');
  assert.deepEqual(faults, [], `${template}\n${text}`);
  assert.ok(scripts.length >= 2, template);
  for (const [at, script] of scripts.entries()) {
    const path = join(dir, `${template}-script-${at}`);
    writeFileSync(path, script);
    const { status, stderr } = await run(['dash', '-n', path]);
    assert.equal(status, 0, `${template}: ${stderr.toString()}\n${script}`);
  }
  tell(template, 'kickstart', 'our own reader, dash', 'taken');
}

async function check(t: TestContext, template: string, { name, text = '', refused }: PreviewFile): Promise<void> {
  assert.equal(refused, undefined, `${template} ${name}`);
  assert.doesNotMatch(text, /undefined|\[object/, `${template} ${name}`);
  const path = join(dir, `${template}-${name.replaceAll(' ', '-')}`);
  writeFileSync(path, text);
  const boundary = /^Content-Type: multipart\/mixed; boundary="(.+)"/.exec(text)?.[1];
  if (boundary !== undefined) {
    const parts = text.split(`--${boundary}`).slice(1, -1);
    assert.ok(parts.length > 0, `${template} ${name}`);
    for (const [at, part] of parts.entries()) {
      const body = part.slice(part.indexOf('\n\n') + 2);
      await check(t, template, { name: body.startsWith('#!') ? `script ${at}` : `part ${at} of ${name}`, text: body });
    }
    return;
  }
  if (name === 'kickstart') return await checkKickstart(template, text);
  const argv = reader(name, text, path);
  if (argv === undefined) return;
  const { status, failure, stdout, stderr } = await run(argv, { timeoutMs: 60_000, env });
  const said = `${stdout.toString()}${stderr.toString()}`;
  const program = argv.includes('cloudinit.cmd.main') ? 'cloud-init' : argv[0];
  if (failure === 'not-found' || /No module named '?cloudinit/.test(said)) {
    tell(template, name, program, 'skipped: not installed');
    return t.diagnostic(`skipped: ${program} is not installed, ${name} was not read by it`);
  }
  assert.equal(status, 0, `${template} ${name}: ${said}\n${text}`);
  assert.doesNotMatch(said, /\b(invalid|error|warning)\b/i, `${template} ${name}: ${said}`);
  tell(template, name, program === '/usr/bin/python3' ? 'python3' : program, 'taken');
  if (name !== 'user-data' || template === 'image') return;
  // what the new system gets is a file of its own in it
  const { autoinstall } = JSON.parse(text.slice(text.indexOf('{'))) as { autoinstall: Record<string, unknown> };
  const inner = `#cloud-config\n${JSON.stringify(autoinstall['user-data'])}\n`;
  const innerPath = `${path}-of-the-new-system`;
  writeFileSync(innerPath, inner);
  const result = await run([...CLOUD_INIT, 'schema', '--config-file', innerPath], { timeoutMs: 60_000, env });
  assert.equal(result.status, 0, `${result.stdout.toString()}${result.stderr.toString()}\n${inner}`);
}

for (const { name: template } of TEMPLATES) {
  for (const metadata of [LEAST, FULL]) {
    test(`${template} with ${metadata === FULL ? 'every setting' : 'a password alone'}: its files are well formed`, async (t) => {
      const files = await preview(template, metadata);
      assert.ok(files.length >= 3, template);
      for (const file of files) await check(t, template, file);
      // shown as a hash wherever the installer takes one
      const plain = files.filter(({ text = '' }) => text.includes('sesame')).map(({ name }) => name);
      const takesPlain = template.startsWith('xenserver');
      if (metadata === LEAST) assert.deepEqual(plain, takesPlain ? ['answerfile'] : []);
    });
  }
}

test('a file of one’s own takes the place of the lab’s, for every dialect of the boot API', async (t) => {
  mkdirSync(join(dir, 'tasks/debian'), { recursive: true });
  writeFileSync(
    join(dir, 'tasks/debian/preseed'),
    'd-i netcfg/get_hostname string {{preseed hostname}}\n# {{callback_end}}\n',
  );
  const files = await preview('debian', { ...LEAST, hostname_prefix: 'mine' });
  const own = files.find(({ name }) => name === 'preseed');
  assert.match(own?.text ?? '', /^d-i netcfg\/get_hostname string mine1\n# http:\/\/\S+\/preseed\/end\n$/);
  await check(t, 'debian', own ?? { name: 'preseed' });
});
