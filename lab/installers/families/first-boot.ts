/** What a new Linux does when it starts for the first time: it reports that, and that it is ready. */
import type { Answers } from '../answers.ts';

/** A shell line that fetches a callback with what the system has, trying for ten minutes. */
export function fetchLine(url: string): string {
  const once = `wget -q -O /dev/null '${url}' || curl -fsS -o /dev/null '${url}'`;
  return `n=0; until ${once}; do n=$((n + 1)); [ "$n" -ge 60 ] && break; sleep 10; done`;
}

/** /etc/rc.local: reports the boot, takes itself away, reports that the system is ready. */
export function firstBootScript(answers: Answers): string {
  return `#!/bin/sh
# First start of ${answers.hostname}: tells the server that the system is ready.
${fetchLine(`${answers.callback('postinstall/boot')}`)}
printf '#!/bin/sh\\nexit 0\\n' > /etc/rc.local
${fetchLine(`${answers.callback('postinstall/final')}`)}
exit 0
`;
}

const UNIT = `[Unit]
Description=Report to the provisioning server that this system is installed
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=/bin/sh /usr/local/sbin/razor-first-boot

[Install]
WantedBy=multi-user.target
`;

/** The same as a script of a unit that takes itself away. */
function unitScript(answers: Answers): string {
  return `#!/bin/sh
# First start of ${answers.hostname}: tells the server that the system is ready.
${fetchLine(answers.callback('postinstall/boot'))}
rm -f /etc/systemd/system/multi-user.target.wants/razor-first-boot.service
${fetchLine(answers.callback('postinstall/final'))}
rm -f /etc/systemd/system/razor-first-boot.service /usr/local/sbin/razor-first-boot
`;
}

/**
 * The script `postinstall/setup`, which an installer runs at its end with the directory of the new system as first argument: the
 * first start is reported, and the key may log in. A system without systemd gets /etc/rc.local.
 */
export function setupScript(answers: Answers): string {
  const key = answers.sshKey;
  return `#!/bin/sh
# Prepares the new system below $1 for its first start.
root=\${1:-}
if [ -d "$root/lib/systemd/system" ] || [ -d "$root/usr/lib/systemd/system" ]; then
  mkdir -p "$root/usr/local/sbin" "$root/etc/systemd/system/multi-user.target.wants"
  cat > "$root/usr/local/sbin/razor-first-boot" <<'END_OF_SCRIPT'
${unitScript(answers)}END_OF_SCRIPT
  chmod 755 "$root/usr/local/sbin/razor-first-boot"
  cat > "$root/etc/systemd/system/razor-first-boot.service" <<'END_OF_UNIT'
${UNIT}END_OF_UNIT
  ln -sf ../razor-first-boot.service "$root/etc/systemd/system/multi-user.target.wants/razor-first-boot.service"
else
  cat > "$root/etc/rc.local" <<'END_OF_SCRIPT'
${firstBootScript(answers)}END_OF_SCRIPT
  chmod 755 "$root/etc/rc.local"
fi
${
  key === undefined
    ? ''
    : `mkdir -p "$root/root/.ssh"
chmod 700 "$root/root/.ssh"
printf '%s\\n' '${key}' >> "$root/root/.ssh/authorized_keys"
chmod 600 "$root/root/.ssh/authorized_keys"
`
}exit 0
`;
}
