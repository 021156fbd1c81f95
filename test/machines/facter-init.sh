#!/bin/busybox sh
# First process of a machine that Facter looks at: in one root of Debian, Facter and razor-mk say what the machine is.
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin:/sbin LC_ALL=C HOME=/
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
[ -d /sys/firmware/efi/efivars ] && modprobe -q efivarfs
[ -d /sys/firmware/efi/efivars ] && mount -t efivarfs efivarfs /sys/firmware/efi/efivars
hostname guest.example.org
ip link set lo up
for pass in 1 2 3 4; do
  find /sys/devices -name modalias -exec cat {} + 2>/dev/null | sort -u | xargs -r -n 60 modprobe -a -b -q 2>/dev/null
  modprobe -a -q sd_mod sr_mod 2>/dev/null
  sleep 1
done
for nic in /sys/class/net/*; do
  [ -e "$nic/device" ] && ip link set "${nic##*/}" up 2>/dev/null
done
ip addr add 10.0.2.15/24 dev eth0 2>/dev/null
ip route add default via 10.0.2.2 2>/dev/null
if [ -n "$mk_setup" ]; then
  echo "$mk_setup" | base64 -d > /tmp/setup
  sh -e /tmp/setup || echo "MK SETUP FAILED"
fi
# an address of IPv6 is tentative for a second or two, and one of the two would see that
sleep 3
mount --bind /debian /debian
for part in proc sys dev; do mount --rbind /$part /debian/$part; done
mount -t tmpfs -o size=64m tmpfs /debian/run
echo "127.0.0.1 localhost" > /debian/etc/hosts
said() {
  echo "MK $1 BEGIN"
  base64 "$2"
  echo "MK $1 END"
}
# this machine's processor is emulated: Ruby takes its time
chroot /debian /usr/bin/facter -j os processors memory networking dmi disks mountpoints system_uptime > /tmp/facter.json 2> /tmp/facter.log
chroot /debian /razor-mk facts --structured --format json > /tmp/ours.json 2> /tmp/ours.log
cat /tmp/facter.log /tmp/ours.log
said FACTER /tmp/facter.json
said OURS /tmp/ours.json
echo "MK DONE"
sleep 1
poweroff -f
