import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refuseWrongSettings } from '../../../lab/manage/model-settings.ts';

const GOOD: Readonly<Record<string, readonly string[]>> = {
  hostname_prefix: ['node', 'rack-7'],
  domainname: ['example.org', 'localdomain'],
  root_password_hash: ['$6$abcdefgh$Bk2D4uYVcw0FbFPsWa0i', '$y$j9T$abc./$defghijk', '$2b$12$abcdefghijklmnopqrstuv'],
  ssh_key: [
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ00 somebody@example.org',
    'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY=',
    'sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9w a key',
  ],
  timezone: ['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+3'],
  packages: ['openssh-server wget', '@^minimal-environment python3.11 g++', ''],
  tasks: ['standard', 'none', 'standard ssh-server'],
  security_mirror: ['none', 'security.debian.org', '10.0.0.1:8090', '[2001:db8::1]'],
  mirror: ['http://deb.example.org/debian', 'https://[2001:db8::1]:8443/ubuntu/', '//server/share'],
  install_device: ['/dev/sda', '/dev/disk/by-id/wwn-0x5000c500a', 'mpx.vmhba0:C0:T0:L0'],
  product: ['SLES', 'Windows Server 2022 SERVERSTANDARD'],
  product_key: ['ABCDE-12345-FGHIJ-67890-KLMNO'],
  kernel: ['casper/vmlinuz'],
  initrd: ['boot/x86_64/loader/initrd'],
  iso: ['image.iso'],
};
const BAD: Readonly<Record<string, readonly string[]>> = {
  hostname_prefix: ['', '-a', 'a b', 'a$(x)'],
  domainname: ['.net', 'a b'],
  root_password_hash: ['sesame', '!', '$6$a b$cdefghijkl', "$6$'$abcdefghij"],
  ssh_key: [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ00 it's",
    'AAAAC3NzaC1lZDI1NTE5',
    'command="x" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ00',
  ],
  timezone: ['Europe/Berlin; x', '../etc', '/UTC', ''],
  packages: ['a;b', 'a`b`'],
  tasks: ['', 'a, b', ' a', 'a;b'],
  security_mirror: ['', 'http://security.debian.org', 'a b'],
  mirror: ['deb.example.org/debian', 'ftp://a/b', 'http://a b/'],
  install_device: ['/dev/sda; x', '/dev/a b', ''],
  product: ['', 'a"b', 'a<b>'],
  product_key: ['abc', 'ABCDE-12345-FGHIJ-67890'],
  kernel: ['/etc/passwd', '../x', 'a/../../b', 'a b'],
  initrd: [''],
  iso: ['a?b'],
};

const SECRET = ['root_password_hash', 'ssh_key', 'product_key'];

test('settings of a model are taken in the form that installers read', () => {
  for (const [name, values] of Object.entries(GOOD)) {
    for (const value of values) assert.doesNotThrow(() => refuseWrongSettings({ [name]: value }), `${name} ${value}`);
  }
  // a password may be anything, and nobody else's settings are judged
  refuseWrongSettings({ root_password: `'"$\\`, own_setting: ';' });
});

test('anything else is refused with the name and what it must be, and a secret is not repeated', () => {
  for (const [name, values] of Object.entries(BAD)) {
    for (const value of values) {
      assert.throws(
        () => refuseWrongSettings({ [name]: value }),
        (error: Error) =>
          error.message.startsWith(`metadata: ${name} must be `) &&
          (!SECRET.includes(name) || !error.message.includes(value)),
        `${name} ${value}`,
      );
    }
  }
});
