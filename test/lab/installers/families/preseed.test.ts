import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answers } from '../../../../lab/installers/answers.ts';
import { preseed } from '../../../../lab/installers/families/preseed.ts';

function linesOf(more: Partial<Answers>): readonly string[] {
  const answers = {
    callback: (path: string) => `http://lab/${path}`,
    tasks: 'standard',
    consoles: [],
    ...more,
  } as unknown as Answers;
  return preseed.files['file']?.(answers)?.split('\n') ?? [];
}

test('tasks are a list with commas, as debconf keeps several choices, and none is an empty one', () => {
  for (const [tasks, shown] of [
    ['standard', ' standard'],
    ['standard ssh-server', ' standard, ssh-server'],
    ['none', ''],
  ] as const) {
    assert.ok(linesOf({ tasks }).includes(`tasksel tasksel/first multiselect${shown}`), tasks);
  }
});

test('an installer that cannot reach security.debian.org is told another host, or none: it would stop and ask', () => {
  const mirror = 'http://deb.example.org/debian';
  const about = (more: Partial<Answers>): readonly string[] => linesOf(more).filter((line) => /apt-setup/.test(line));
  assert.deepEqual(about({ mirror }), []);
  assert.deepEqual(about({ mirror, securityMirror: 'none' }), ['d-i apt-setup/services-select multiselect updates']);
  assert.deepEqual(about({ mirror, securityMirror: '10.0.0.1:8090' }), [
    'd-i apt-setup/security_host string 10.0.0.1:8090',
  ]);
  // a medium knows no other servers
  assert.deepEqual(about({ files: 'http://lab/image/1' }), ['d-i apt-setup/services-select multiselect']);
});

test('the host name stands above what DHCP and DNS call the address, which the microkernel had before with its own name', () => {
  const answers = { hostname: 'web1', domain: 'example.org', callback: (path: string) => `http://lab/${path}` };
  const load = preseed.load?.({
    answers: answers as unknown as Answers,
    files: '',
    kernel: 'linux',
    initrd: 'initrd.gz',
    words: ['BOOTIF=01-02'],
  });
  assert.ok(load !== undefined && 'words' in load);
  assert.ok(load.words.includes('netcfg/hostname=web1'));
  assert.ok(load.words.includes('BOOTIF=01-02'));
  assert.ok(linesOf({ hostname: 'web1' }).includes('d-i netcfg/hostname string web1'));
});

test('the installed system has the console of the installer, where GRUB alone would be', () => {
  const about = (consoles: readonly string[]): readonly string[] =>
    linesOf({ consoles }).filter((line) => /add-kernel-opts/.test(line));
  assert.deepEqual(about([]), []);
  assert.deepEqual(about(['console=tty0', 'console=ttyS0,115200']), [
    'd-i debian-installer/add-kernel-opts string console=tty0 console=ttyS0,115200',
  ]);
});
