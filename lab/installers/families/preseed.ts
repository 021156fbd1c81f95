/** Debian's installer, and Ubuntu's until 20.04: a preseed file. */
import { wordsOf, type Answers } from '../answers.ts';
import type { Installer } from '../installer.ts';

export const preseed: Installer = {
  word: 'preseed',
  files: { file: preseedFile },
  load: ({ answers, kernel, initrd, words }) => ({
    kernel,
    initrd,
    words: [
      ...['auto=true', 'priority=critical', `url=${answers.callback('preseed/file')}`],
      ...['debian-installer/locale=en_US.UTF-8', 'keyboard-configuration/xkb-keymap=us'],
      ...['netcfg/choose_interface=auto', `hostname=${answers.hostname}`, `domain=${answers.domain}`],
      // stands above the name that DHCP or DNS has for the address: that of the microkernel, for all machines the same
      `netcfg/hostname=${answers.hostname}`,
      ...words,
    ],
  }),
};

function preseedFile(answers: Answers): string {
  const setup = `wget -q -O /tmp/razor-setup '${answers.callback('postinstall/setup')}'; sh /tmp/razor-setup /target`;
  return `${[
    `# Answers for ${answers.hostname}.${answers.domain}`,
    'd-i debian-installer/locale string en_US.UTF-8',
    'd-i keyboard-configuration/xkb-keymap select us',
    'd-i netcfg/choose_interface select auto',
    `d-i netcfg/get_hostname string ${answers.hostname}`,
    `d-i netcfg/hostname string ${answers.hostname}`,
    `d-i netcfg/get_domain string ${answers.domain}`,
    ...mirrorLines(answers),
    'd-i clock-setup/utc boolean true',
    `d-i time/zone string ${answers.timezone}`,
    'd-i passwd/make-user boolean false',
    'd-i passwd/root-login boolean true',
    // without a password the account is locked, not open
    `d-i passwd/root-password-crypted password ${answers.rootPasswordHash ?? '!'}`,
    ...partitionLines(answers),
    `tasksel tasksel/first multiselect ${answers.tasks === 'none' ? '' : wordsOf(answers.tasks).join(', ')}`.trimEnd(),
    `d-i pkgsel/include string ${answers.packages}`,
    'd-i pkgsel/update-policy select none',
    'popularity-contest popularity-contest/participate boolean false',
    'd-i grub-installer/only_debian boolean true',
    'd-i grub-installer/with_other_os boolean true',
    `d-i grub-installer/bootdev string ${answers.installDevice ?? 'default'}`,
    ...(answers.consoles.length === 0
      ? []
      : [`d-i debian-installer/add-kernel-opts string ${answers.consoles.join(' ')}`]),
    'd-i finish-install/reboot_in_progress note',
    `d-i preseed/early_command string wget -q -O /dev/null '${answers.callback('preseed/start')}'`,
    `d-i preseed/late_command string ${setup}; wget -q -O /dev/null '${answers.callback('preseed/end')}'`,
  ].join('\n')}\n`;
}

/** One disk as a whole, also where others hold volume groups or arrays of an earlier life, by BIOS as by UEFI. */
function partitionLines({ installDevice }: Answers): string[] {
  // of several disks the installer would ask for one, at any priority
  const first =
    'd-i partman/early_command string [ -n "$(debconf-get partman-auto/disk)" ] || debconf-set partman-auto/disk "$(list-devices disk | head -n 1)"';
  return [
    installDevice === undefined ? first : `d-i partman-auto/disk string ${installDevice}`,
    'd-i partman-auto/method string regular',
    'd-i partman-auto/choose_recipe select atomic',
    'd-i partman-lvm/device_remove_lvm boolean true',
    'd-i partman-md/device_remove_md boolean true',
    'd-i partman-efi/non_efi_system boolean true',
    'd-i partman-partitioning/confirm_write_new_label boolean true',
    'd-i partman/choose_partition select finish',
    'd-i partman/confirm boolean true',
    'd-i partman/confirm_nooverwrite boolean true',
  ];
}

/** Where the host of security updates cannot be reached, the installer stops and asks, at any priority. */
function securityLines(host: string | undefined): string[] {
  if (host === undefined) return [];
  if (host === 'none') return ['d-i apt-setup/services-select multiselect updates'];
  return [`d-i apt-setup/security_host string ${host}`];
}

/** A mirror is checked by its signature; what a medium brings is not signed as a mirror is, and names no other servers. */
function mirrorLines({ files, mirror, securityMirror }: Answers): string[] {
  const from = mirror ?? files;
  if (from === undefined) return [];
  const { protocol, host, pathname } = new URL(from);
  const scheme = protocol.slice(0, -1);
  return [
    'd-i mirror/country string manual',
    `d-i mirror/protocol string ${scheme}`,
    `d-i mirror/${scheme}/hostname string ${host}`,
    `d-i mirror/${scheme}/directory string ${pathname}`,
    `d-i mirror/${scheme}/proxy string`,
    ...(mirror === undefined
      ? ['d-i debian-installer/allow_unauthenticated boolean true', 'd-i apt-setup/services-select multiselect']
      : securityLines(securityMirror)),
  ];
}
