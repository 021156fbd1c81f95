/** The script that an installed Linux runs when it starts for the first time, and how it calls back. */
import type { Answers } from './answers.ts';

/** A shell line that fetches a callback with what the system has, trying for ten minutes. */
function fetchLine(url: string): string {
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
