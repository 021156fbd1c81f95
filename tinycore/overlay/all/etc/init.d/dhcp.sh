#!/bin/sh
# One DHCP client for every Ethernet card, whatever its name. dhcp.sh [start] [CARD...]: clients that run are kept, and are
# told to ask again when they have no lease. dhcp.sh restart [CARD...]: they are ended first. dhcp.sh list: only prints the
# cards that would be asked. Without a CARD those are left alone that the kernel line gives an address (ip=ADDRESS:…:CARD), and
# all where it names no card, says ip=off or has a VLAN: a lease would take the address away again, and name a server outside of
# the VLAN. ip=CARD:dhcp asks there.
# shellcheck disable=SC2086  # lists of words are meant as words
root=${RAZOR_MK_ROOT:-}
script=$root/usr/share/udhcpc/dhcp_mk_config.script
state=$root/tmp/razor-mk-net
pids=$root/var/run
[ -n "$root" ] || PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

restart='' list=''
case ${1:-} in
  start) shift ;;
  restart) restart=1 && shift ;;
  list) list=1 && shift ;;
esac

# ethernet CARD: a real card that firmware could have booted from; no bridge, bond, VLAN, member of one, or wireless card
ethernet() {
  dir=$root/sys/class/net/$1
  [ "$(cat "$dir/type" 2>/dev/null)" = 1 ] || return 1
  [ "$1" != lo ] || return 1
  for sign in bridge bonding phy80211 wireless master; do
    [ ! -e "$dir/$sign" ] || return 1
  done
  grep -q '^DEVTYPE=' "$dir/uevent" 2>/dev/null && return 1
  [ -e "$dir/device" ] && return 0
  case $1 in
    eth[0-9]* | en[opsx]*) return 0 ;;
  esac
  return 1
}

# asked: the options beyond the usual ones. A name that a busybox does not know would end its udhcpc, so only numbers are
# asked for, and the names of Hanlon's own busybox where it is that one.
asked() {
  for option in 26 42 66 119 121 224 225 226; do
    echo "-O $option"
  done
  # whether the address is free is asked by ARP, where udhcpc can and takes the time that it waits for an answer
  ! udhcpc --help 2>&1 | grep -q '\[-a\[MSEC\]\]' || echo -a500
  busybox=$(command -v busybox) || return 0
  if grep -q hanlon_server "$busybox" 2>/dev/null; then
    echo '-O hanlon_server -O hanlon_port -O hanlon_base_uri'
  fi
}

set -f
# shellcheck source=../../usr/share/udhcpc/lease-words
. "$root/usr/share/udhcpc/lease-words"
# shellcheck source=../../usr/share/udhcpc/kernel-line
. "$root/usr/share/udhcpc/kernel-line"

cards=$*
kernel_line
if [ -z "$cards" ]; then
  set +f
  for dir in "$root"/sys/class/net/*; do
    set -f
    ethernet "${dir##*/}" && asks "${dir##*/}" && cards="$cards ${dir##*/}"
  done
  set -f
fi
[ -z "$list" ] || { echo $cards && exit 0; }

mkdir -p "$pids" "$state"
options="$(asked) $(client_option)"
for card in $cards; do
  pidfile=$pids/udhcpc.$card.pid
  pid=''
  [ -s "$pidfile" ] && read -r pid <"$pidfile"
  # the number may belong to another program by now
  grep -q udhcpc "/proc/$pid/cmdline" 2>/dev/null || pid=''
  if [ -n "$pid" ] && [ -n "$restart" ]; then
    kill -TERM "$pid" 2>/dev/null
    pid=''
  fi
  if [ -n "$pid" ]; then
    [ -e "$state/$card/address" ] || kill -USR1 "$pid" 2>/dev/null
    continue
  fi
  ip link set "$card" up 2>/dev/null
  # -b goes on asking for ever in the background: a cable may be plugged in later, and a port open later. After a round of
  # tries, and after an address that another machine has, it waits -A seconds
  # shellcheck disable=SC2086
  udhcpc -b -i "$card" -t 8 -T 2 -A 3 $options -x "hostname:$(hostname)" -s "$script" -p "$pidfile" \
    </dev/null >/dev/null 2>&1 &
  # only some builds of busybox have the client for IPv6; router advertisements are the kernel's
  if udhcpc6 --help >/dev/null 2>&1 && [ ! -s "$pids/udhcpc6.$card.pid" ]; then
    udhcpc6 -b -i "$card" -s "${script%/*}/dhcp6.script" -p "$pids/udhcpc6.$card.pid" </dev/null >/dev/null 2>&1 &
  fi
done
exit 0
