import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answers } from '../../../../../lab/installers/answers.ts';
import { proxmox } from '../../../../../lab/installers/families/hypervisors/proxmox.ts';

const answers = (more: Partial<Answers> = {}): Answers =>
  ({
    hostname: 'pve1',
    domain: 'example.org',
    timezone: 'UTC',
    rootPasswordHash: '$6$salt$hash',
    callback: (path: string) => `http://lab/${path}`,
    ...more,
  }) as unknown as Answers;

const answerFile = (more?: Partial<Answers>): string => proxmox.files['answer.toml']?.(answers(more)) ?? '';

test('the archive with the medium is loaded before the initrd, whose length may be odd', () => {
  const start = {
    answers: answers(),
    files: 'http://lab/os',
    kernel: 'k',
    initrd: 'i',
    words: ['BOOTIF=01-aa', 'quiet'],
  };
  const load = proxmox.load?.(start);
  assert.ok(load !== undefined && 'initrd' in load);
  assert.equal(load.before, 'http://lab/os/proxmox-iso.cpio');
  assert.ok(load.words.includes('proxmox-start-auto-installer'));
  assert.ok(!load.words.includes('BOOTIF=01-aa'));
});

test('TOML: strings are quoted, what is not set is not there, the first disk is taken where none is named', () => {
  const text = answerFile();
  assert.match(text, /^filter\.DEVNAME = "\*"$/m);
  assert.doesNotMatch(text, /root-ssh-keys|disk-list|undefined/);
  const more = answerFile({ sshKey: 'ssh-ed25519 AAAA a"b\\c\u007f', installDevice: '/dev/nvme0n1' });
  assert.match(more, /^root-ssh-keys = \["ssh-ed25519 AAAA a\\"b\\\\c\\u007f"\]$/m);
  assert.match(more, /^disk-list = \["nvme0n1"\]$/m);
});
