#!/bin/busybox sh
# First process of a machine that is looked at: loads the drivers that its devices ask for
# does what the kernel line's mk_setup says (base64 of a script), and sends a capture of itself through the console.
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin:/sbin LC_ALL=C HOME=/
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm /etc
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /run
[ -d /sys/firmware/efi/efivars ] && modprobe -q efivarfs
[ -d /sys/firmware/efi/efivars ] && mount -t efivarfs efivarfs /sys/firmware/efi/efivars
hostname guest
ip link set lo up
devices() { find /sys/devices -name modalias | wc -l; }
# buses appear one below the other, and a driver may need a moment
settle() {
  before=0 pass=0
  while [ "$(devices)" != "$before" ] || [ $pass -lt 2 ]; do
    before=$(devices) pass=$((pass + 1))
    [ $pass -gt 8 ] && break
    find /sys/devices -name modalias -exec cat {} + 2>/dev/null | sort -u | xargs -r -n 60 modprobe -a -b -q 2>/dev/null
    modprobe -a -q sd_mod sr_mod 2>/dev/null
    sleep 0.5
  done
}
settle
for nic in /sys/class/net/*; do
  [ -e "$nic/device" ] && ip link set "${nic##*/}" up 2>/dev/null
done
ip addr add 10.0.2.15/24 dev eth0 2>/dev/null
if [ -n "$mk_setup" ]; then
  echo "$mk_setup" | base64 -d > /tmp/setup
  sh -e /tmp/setup || echo "MK SETUP FAILED"
  settle
fi
sleep 1
uptime=$(cut -d' ' -f1 /proc/uptime)
echo "MK SETUP DONE after $uptime s"
if razor-mk capture /tmp/c.tgz --all > /tmp/said 2>&1; then
  echo "MK CAPTURE BEGIN"
  base64 /tmp/c.tgz
  echo "MK CAPTURE END"
  echo "MK CAPTURED after $(cut -d" " -f1 /proc/uptime) s"
else
  echo "MK CAPTURE FAILED"
  cat /tmp/said
fi
echo "MK DONE"
sleep 1
poweroff -f
