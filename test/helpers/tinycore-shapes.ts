/**
 * Bases in the shape of real releases of Tiny Core: the programs that these have (names as listed in the published root file
 * systems of 4.4 to 11.0), the option of their tce-load, the waits of their tc-config and their accounts; nothing that would run.
 */
import {
  directoryEntry,
  fileEntry,
  parentsOf,
  sortEntries,
  symlinkEntry,
  type Entry,
} from '../../tinycore/image/initrd/entry.ts';
import { KERNEL_VERSION } from './small-base.ts';

/** In bin, sbin, usr/bin and usr/sbin of 8.2, 10.1 and 11.0, in 32 and 64 bit; 7.2 and 4.4 lack some of them. */
const PROGRAMS =
  '[ [[ addgroup adduser adjtimex ar arp arping ash autologin autoscan-devices awk backup basename bbcheck.sh bcrypt ' +
  'bigHomeFiles.sh blkid bunzip2 busybox busybox.suid bzcat bzip2 cache-clear cal calc cat cd_dvd_symlinks.sh chgrp ' +
  'chkonboot.sh chmod chown chpasswd chroot chrt chvt cksum clear cliorx cmp comm cp cpio crond crontab ctty-hack cut ' +
  'date dc dd deallocvt delgroup deluser depmod df diff dirname dmesg dnsdomainname dos2unix du dumpkmap dumpleases ' +
  'e2fsck echo egrep eject env ether-wake exitcheck.sh exittc expr false fbset fdflush fdformat fdisk fgconsole fgrep ' +
  'filetool.sh find flock fold free freeramdisk fromISOfile fsck fsck.ext2 fsck.ext3 fsck.ext4 fsck.ext4dev fstrim fstype ' +
  'ftpget ftpput fuser getTime.sh getdisklabel getopt getty grep gunzip gzip halt hdparm head hexdump history hostid ' +
  'hostname hwclock id ifconfig inetd init insmod install ipcalc ipcrm ipcs kill killall killall5 klogd last ldconfig ldd ' +
  'less linux32 linux64 ln loadcpufreq loadfont loadkmap locale logger login logname logread losetup ls lsmod lsof ' +
  'lspcmcia lzcat lzma md5sum mesg microcom mkdir mke2fs mkfifo mkfs.ext2 mkfs.ext3 mkfs.ext4 mkfs.ext4dev mklost+found ' +
  'mknod mkswap mktemp modinfo modprobe more mount mountables.sh mv nameif nbd-client nc netstat nice nohup nslookup ntpd ' +
  'od ondemand openvt passwd patch pccardctl pgrep pidof ping ping6 pivot_root pkill poweroff printenv printf provides.sh ' +
  'ps pstree pwd rdate readlink realpath reboot rebuildfstab renice reset resize rev rm rmdir rmmod rotdash route rpm ' +
  'rpm2cpio script search.sh sed seekWinPartition select seq setarch setconsole sethostname setkeycodes setsid sh sha1sum ' +
  'showbootcodes sleep sort split start-stop-daemon strings stty su sudo sudoedit sulogin sum swapoff swapon switch_root ' +
  'sync sysctl syslogd tail tar taskset tc-terminal-server tce tce-ab tce-audit tce-fetch.sh tce-load tce-remove tce-run ' +
  'tce-setdrive tce-setup tce-size tce-status tce-update tcemirror.sh tee telnet test text2lp0 tftp tftpd time timeout ' +
  'top touch tr traceroute true tty tune2fs udevadm udevd udhcpc udhcpd udpsvd umount uname uncompress uniq unix2dos ' +
  'unlink unlzma unxz unzip uptime usleep uuid uuidgen vconfig version vi visudo vlock watch wc wget which who whoami ' +
  'xargs xz xzcat yes zcat zsync';

const NOT_IN_7 = ['fstrim', 'lzcat', 'lzma', 'unlink', 'unlzma'];
const LACKS: Readonly<Record<string, readonly string[]>> = {
  '7.2': NOT_IN_7,
  // busybox 1.19.4
  '4.4': [...NOT_IN_7, 'busybox.suid', 'chkonboot.sh', 'lsof', 'ntpd', 'pstree', 'tce', 'tce-ab', 'tce-status'],
};

export const RELEASES = ['4.4', '7.2', '8.2', '10.1', '11.0', '11.0-x86'] as const;
export type Release = (typeof RELEASES)[number];
/** Those with a userland of 32 bit. */
const NARROW: readonly Release[] = ['4.4', '11.0-x86'];

/** What tc-config waits for without end; the clock is another device in 4.4. */
const tcConfig = (clock: string): string => `#!/bin/sh
modprobe -q zram
while [ ! -e /dev/zram0 ]; do usleep 50000; done
while [ ! -e /dev/${clock} ]; do usleep 50000; done
`;

/** The entries of a release with a kernel whose modules are `modules`; none for undefined. */
export function tinycoreEntries(release: Release, modules?: readonly string[]): Entry[] {
  const elf = Buffer.alloc(64);
  elf.write(NARROW.includes(release) ? '\x7fELF\x01' : '\x7fELF\x02', 'latin1');
  const old = release !== '11.0' && release !== '11.0-x86';
  const programs = PROGRAMS.split(' ').filter((name) => LACKS[release]?.includes(name) !== true);
  const place = `lib/modules/${KERNEL_VERSION}`;
  const entries = [
    fileEntry('init', '#!/bin/sh\n', 0o755),
    fileEntry('bin/busybox', elf, 0o755),
    ...programs
      .filter((name) => name !== 'busybox')
      .map((name) => symlinkEntry(`usr/bin/${name}`, '../../bin/busybox')),
    fileEntry(
      'usr/bin/tce-load',
      `mount "$THISAPP" /tmp/tcloop/x -t squashfs -o loop,ro${old ? ',bs=4096' : ''} 2>&1\n`,
      0o755,
    ),
    fileEntry('etc/init.d/tc-config', tcConfig(release === '4.4' ? 'rtc' : 'rtc0'), 0o755),
    fileEntry('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\ntc:x:1001:50:Linux User,,,:/home/tc:/bin/sh\n'),
    fileEntry('etc/shadow', 'root:*:13525:0:99999:7:::\ntc::13646:0:99999:7:::\n', 0o640),
    fileEntry('usr/share/doc/tc/release.txt', `version ${release.replace('-x86', '')}\n`),
    directoryEntry('tmp', 0o1777),
    ...(modules === undefined
      ? []
      : [
          fileEntry(`${place}/modules.builtin`, modules.map((name) => `kernel/x/${name}.ko\n`).join('')),
          fileEntry(`${place}/modules.order`, ''),
        ]),
  ];
  return sortEntries([...parentsOf(entries), ...entries]);
}
