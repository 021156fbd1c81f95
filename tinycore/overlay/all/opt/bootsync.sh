#!/bin/sh
# Runs when the base is up and its extensions are loaded; the base waits for it. Starts the agent, then yours:
# /opt/bootlocal.sh, in the background.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
RAZOR_MK_FLAVOUR=prod
# shellcheck source=/dev/null
[ -r /etc/razor-mk/image ] && . /etc/razor-mk/image

/etc/init.d/razor-mk-memory
/etc/init.d/razor-mk-accounts
/etc/init.d/razor-mk-boot-login

# extensions may have brought drivers, and with them cards
[ -d /usr/local/lib/modules ] && depmod -a 2>/dev/null
/etc/init.d/dhcp.sh

# never in prod, even where an extension brought it
if [ "$RAZOR_MK_FLAVOUR" != prod ]; then
  /etc/init.d/razor-mk-ssh
fi

if [ -x /usr/local/etc/init.d/razor-mk ]; then
  /usr/local/etc/init.d/razor-mk start
else
  echo 'razor-mk: the agent is not there: razor-mk.tcz was not loaded (kernel without squashfs or loop?)' >/dev/console
fi

[ -x /opt/bootlocal.sh ] && /opt/bootlocal.sh &
exit 0
