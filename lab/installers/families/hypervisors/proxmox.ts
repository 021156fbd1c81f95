/**
 * Proxmox VE 8.3 and later: an answer file in TOML (pve.proxmox.com/wiki/Automated_Installation). The address that the installer asks
 * is written into its ISO (`prepare-iso --fetch-from http --url`), one for all machines; each says in its question which one it is
 * (lab/dialects/installer-questions.ts).
 */
import type { Answers } from '../../answers.ts';
import type { Installer } from '../../installer.ts';
import { fetchLine } from '../first-boot.ts';
import { PROXMOX_ISO } from '../../templates.ts';

export const proxmox: Installer = {
  word: 'proxmox',
  files: { 'answer.toml': answerToml, 'first-boot.sh': firstBoot },
  needsPassword: 'plain or hash',
  load: ({ files, kernel, initrd, words }) => ({
    // its init takes the medium from there when no drive has it
    before: `${files}/${PROXMOX_ISO}`,
    kernel,
    initrd,
    words: [
      ...['ramdisk_size=16777216', 'rw', 'quiet', 'splash=silent', 'proxmox-start-auto-installer'],
      ...words.filter((word) => !word.startsWith('BOOTIF=')),
    ],
  }),
};

/** TOML 1.0, basic strings: JSON escapes the same characters but DEL, which no TOML string may hold. */
function toml(text: string): string {
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f');
}

function answerToml(answers: Answers): string {
  const { hostname, domain, rootPasswordHash, sshKey, timezone, installDevice } = answers;
  return `${[
    '[global]',
    'keyboard = "en-us"',
    'country = "us"',
    `fqdn = ${toml(`${hostname}.${domain}`)}`,
    `mailto = ${toml(`root@${hostname}.${domain}`)}`,
    `timezone = ${toml(timezone)}`,
    `root-password-hashed = ${toml(rootPasswordHash ?? '')}`,
    ...(sshKey === undefined ? [] : [`root-ssh-keys = [${toml(sshKey)}]`]),
    '',
    '[network]',
    'source = "from-dhcp"',
    '',
    '[disk-setup]',
    'filesystem = "ext4"',
    // the first disk that fits
    installDevice === undefined ? 'filter.DEVNAME = "*"' : `disk-list = [${toml(installDevice.replace('/dev/', ''))}]`,
    '',
    '[post-installation-webhook]',
    `url = ${toml(answers.callback('proxmox/end'))}`,
    '',
    '[first-boot]',
    'source = "from-url"',
    'ordering = "fully-up"',
    `url = ${toml(answers.callback('proxmox/first-boot.sh'))}`,
  ].join('\n')}\n`;
}

/** The installer puts it into the new system, which runs it once. */
function firstBoot(answers: Answers): string {
  return `#!/bin/sh
# First start of ${answers.hostname}: tells the server that the system is ready.
${fetchLine(answers.callback('postinstall/boot'))}
${fetchLine(answers.callback('postinstall/final'))}
`;
}
