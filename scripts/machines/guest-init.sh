#!/bin/busybox sh
# First process of the throw-away machine: loads drivers, runs lshw and lscpu, and sends what it saw through ttyS1.
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin:/sbin LC_ALL=C
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
[ -d /sys/firmware/efi/efivars ] && mount -t efivarfs efivarfs /sys/firmware/efi/efivars
hostname guest
modprobe -a -b -q ahci nvme sd_mod sr_mod virtio_pci 2>/dev/null
for pass in 1 2 3 4; do
  find /sys/devices -name modalias -exec cat {} + 2>/dev/null | sort -u | xargs -r -n 40 modprobe -a -b -q 2>/dev/null
  sleep 1
done
grep -q mk_links=down /proc/cmdline || for nic in /sys/class/net/*; do
  [ "${nic##*/}" = "$(sed -n 's/.*mk_down=\([a-z0-9]*\).*/\1/p' /proc/cmdline)" ] || ip link set "${nic##*/}" up
done
ip addr add 10.0.2.15/24 dev eth0 2>/dev/null
modprobe -a -q sg tpm_tis
# disks appear at their own pace
sleep 3

out=/out
mkdir -p $out/proc/net $out/proc/sys/kernel $out/sys/devices/system $out/sys/devices/virtual $out/sys/firmware $out/text $out/dev
for class in bus memory disk processor network; do
  lshw -c $class > $out/text/lshw-$class.txt 2> /dev/null
done
lshw -xml > $out/text/lshw.xml 2> /dev/null
lscpu > $out/text/lscpu.txt

for file in cpuinfo meminfo cmdline filesystems uptime version mounts partitions modules swaps net/dev net/route net/fib_trie \
  net/if_inet6 net/arp sys/kernel/hostname sys/kernel/osrelease sys/kernel/ostype sys/kernel/version bus/pci/devices; do
  mkdir -p "$out/proc/$(dirname $file)"
  cat /proc/$file > $out/proc/$file 2> /dev/null
done
mkdir -p $out/proc/sys/kernel
uname -m > $out/proc/sys/kernel/arch
for part in /sys/devices/pci* /sys/devices/pnp* /sys/devices/LNXSYSTM:00 /sys/devices/platform; do
  [ -e "$part" ] && cp -a "$part" $out/sys/devices/ 2> /dev/null
done
cp -a /sys/devices/system/cpu /sys/devices/system/node $out/sys/devices/system/ 2> /dev/null
mkdir -p $out/sys/devices/system/memory
cat /sys/devices/system/memory/block_size_bytes > $out/sys/devices/system/memory/block_size_bytes
for block in /sys/devices/system/memory/memory[0-9]*; do
  mkdir -p $out$block
  cat $block/online > $out$block/online
done
cp -a /sys/devices/virtual/dmi /sys/devices/virtual/net /sys/devices/virtual/block $out/sys/devices/virtual/ 2> /dev/null
cp -a /sys/class /sys/block $out/sys/ 2> /dev/null
for bus in /sys/bus/*; do
  mkdir -p $out$bus
  cp -a $bus/devices $out$bus/ 2> /dev/null
done
for file in /sys/module/*/version; do
  mkdir -p "$out${file%/*}"
  cat "$file" > "$out$file"
done
mkdir -p $out/sys/firmware/dmi/tables
cat /sys/firmware/dmi/tables/DMI > $out/sys/firmware/dmi/tables/DMI
cat /sys/firmware/dmi/tables/smbios_entry_point > $out/sys/firmware/dmi/tables/smbios_entry_point
[ -d /sys/firmware/efi ] && mkdir -p $out/sys/firmware/efi && cp -a /sys/firmware/efi/fw_platform_size $out/sys/firmware/efi/
find $out/sys \( -name power -o -name msi_irqs -o -name trace -o -name 'resource[0-9]*' -o -name loop[0-9]* -o -name ram[0-9]* \) -prune -exec rm -rf {} + 2> /dev/null
find $out/sys -name rom -exec sh -c ': > "$0"' {} \;
for disk in /sys/block/*; do
  case $disk in */loop* | */ram* | */fd*) continue ;; esac
  head -c 4096 "/dev/${disk##*/}" > "$out/dev/${disk##*/}" 2> /dev/null
done
cd $out && tar cf - . | gzip -9 > /tmp.tgz
stty -F /dev/ttyS1 raw -echo
cat /tmp.tgz > /dev/ttyS1
echo "RECORDED $(wc -c < /tmp.tgz) bytes"
sync
sleep 1
poweroff -f
