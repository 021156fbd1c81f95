#!/bin/sh
# One DHCP client for every Ethernet card, whatever its name. dhcp.sh [start] [CARD...]: clients that run are kept, and are
# told to ask again when they have no lease. dhcp.sh restart [CARD...]: they are ended first. Without a CARD those are left
# alone that the kernel line gives an address (ip=ADDRESS:…:CARD), and all where it names no card, says ip=off or has a
# razor.vlan=: a lease would take the address away again, and name a server outside of the VLAN. ip=CARD:dhcp asks there.
root=${RAZOR_MK_ROOT:-}
script=$root/usr/share/udhcpc/dhcp_mk_config.script
state=$root/tmp/razor-mk-net
pids=$root/var/run
[ -n "$root" ] || PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

restart=''
case ${1:-} in
  start) shift ;;
  restart) restart=1 && shift ;;
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
  for option in 26 42 119 121 224 225 226; do
    echo "-O $option"
  done
  busybox=$(command -v busybox) || return 0
  if grep -q hanlon_server "$busybox" 2>/dev/null; then
    echo '-O hanlon_server -O hanlon_port -O hanlon_base_uri'
  fi
}

# kernel_line: sets `none` where no card is asked, `fixed` to the cards with an address, `wanted` to those named for DHCP
kernel_line() {
  none='' fixed='' wanted='' line=''
  { read -r line <"$root/proc/cmdline"; } 2>/dev/null
  set -f
  for word in $line; do
    case $word in
      razor.vlan=?*) none=1 ;;
      ip=*)
        # an IPv6 address has colons of its own
        word=$(echo "${word#ip=}" | sed 's/\[[^]]*\]/1./g')
        old=$IFS
        IFS=:
        # shellcheck disable=SC2086
        set -- $word
        IFS=$old
        case ${1:-}=${2:-}=${7:-} in
          off=* | none=* | static=* | ==off | ==none | ==static) none=1 ;;
          ==) [ -n "${6:-}" ] && wanted="$wanted $6" || [ $# -gt 0 ] || none=1 ;;
          ==*) wanted="$wanted ${6:-}" ;;
          [0-9]*.*=*) [ -n "${6:-}" ] && fixed="$fixed $6" || none=1 ;;
          ?*=?*=*) wanted="$wanted $1" ;;
        esac
        ;;
    esac
  done
  set +f
}

# asks CARD: the kernel line leaves this card to DHCP
asks() {
  case " $wanted " in
    *" $1 "*) return 0 ;;
  esac
  case " $fixed " in
    *" $1 "*) return 1 ;;
  esac
  [ -z "$none" ]
}

cards=$*
if [ -z "$cards" ]; then
  kernel_line
  for dir in "$root"/sys/class/net/*; do
    ethernet "${dir##*/}" && asks "${dir##*/}" && cards="$cards ${dir##*/}"
  done
fi

mkdir -p "$pids" "$state"
options=$(asked)
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
  # -b goes on asking for ever in the background, a cable may be plugged in later
  # shellcheck disable=SC2086
  udhcpc -b -i "$card" -t 8 -T 2 -A 10 $options -x "hostname:$(hostname)" -s "$script" -p "$pidfile" \
    </dev/null >/dev/null 2>&1 &
  # only some builds of busybox have the client for IPv6; router advertisements are the kernel's
  if udhcpc6 --help >/dev/null 2>&1 && [ ! -s "$pids/udhcpc6.$card.pid" ]; then
    udhcpc6 -b -i "$card" -s "${script%/*}/dhcp6.script" -p "$pids/udhcpc6.$card.pid" </dev/null >/dev/null 2>&1 &
  fi
done
exit 0
