/** Answers for the installer of Debian and Ubuntu (preseed). */
import type { Answers } from './answers.ts';

/** The preseed file of one node. */
export function preseed(answers: Answers): string {
  const mirror = answers.files === undefined ? undefined : new URL(answers.files);
  const rc = '/target/etc/rc.local';
  return `${[
    `# Answers for ${answers.hostname}.${answers.domain}`,
    'd-i debian-installer/locale string en_US.UTF-8',
    'd-i keyboard-configuration/xkb-keymap select us',
    'd-i netcfg/choose_interface select auto',
    `d-i netcfg/get_hostname string ${answers.hostname}`,
    `d-i netcfg/get_domain string ${answers.domain}`,
    ...(mirror ? mirrorLines(mirror) : []),
    'd-i clock-setup/utc boolean true',
    `d-i time/zone string ${answers.timezone}`,
    'd-i passwd/make-user boolean false',
    'd-i passwd/root-login boolean true',
    ...rootLines(answers),
    'd-i user-setup/allow-password-weak boolean true',
    'd-i partman-auto/method string regular',
    'd-i partman-auto/choose_recipe select atomic',
    'd-i partman-partitioning/confirm_write_new_label boolean true',
    'd-i partman/choose_partition select finish',
    'd-i partman/confirm boolean true',
    'd-i partman/confirm_nooverwrite boolean true',
    'tasksel tasksel/first multiselect standard',
    `d-i pkgsel/include string ${answers.packages}`,
    'd-i pkgsel/update-policy select none',
    'd-i grub-installer/only_debian boolean true',
    'd-i grub-installer/bootdev string default',
    'd-i finish-install/reboot_in_progress note',
    `d-i preseed/early_command string wget -q -O /dev/null '${answers.callback('preseed/start')}'`,
    `d-i preseed/late_command string wget -q -O ${rc} '${answers.callback('postinstall/inject')}'; chmod 755 ${rc}; wget -q -O /dev/null '${answers.callback('preseed/end')}'`,
  ].join('\n')}\n`;
}

function mirrorLines(mirror: URL): string[] {
  return [
    'd-i mirror/country string manual',
    'd-i mirror/protocol string http',
    `d-i mirror/http/hostname string ${mirror.host}`,
    `d-i mirror/http/directory string ${mirror.pathname}`,
    'd-i mirror/http/proxy string',
  ];
}

function rootLines({ rootPassword, rootPasswordHash }: Answers): string[] {
  if (rootPasswordHash !== undefined) return [`d-i passwd/root-password-crypted password ${rootPasswordHash}`];
  // no password was given: the account is locked, not open
  if (rootPassword === undefined) return ['d-i passwd/root-password-crypted password !'];
  return [
    `d-i passwd/root-password password ${rootPassword}`,
    `d-i passwd/root-password-again password ${rootPassword}`,
  ];
}
