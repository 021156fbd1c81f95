/** Answers in XML: AutoYaST (SUSE) and XenServer. */
import { xml, type Answers } from './answers.ts';

/** The AutoYaST profile of one node. */
export function autoyast(answers: Answers): string {
  const encrypted = answers.rootPasswordHash !== undefined || answers.rootPassword === undefined;
  const password = answers.rootPasswordHash ?? answers.rootPassword ?? '!';
  const script = (name: string, source: string): string =>
    `      <script>\n        <filename>${name}</filename>\n        <source>${xml(source)}</source>\n      </script>`;
  const get = (path: string, target = '/dev/null'): string => `curl -fsS -o ${target} '${answers.callback(path)}'`;
  return `<?xml version="1.0"?>
<!DOCTYPE profile>
<profile xmlns="http://www.suse.com/1.0/yast2ns" xmlns:config="http://www.suse.com/1.0/configns">
  <general><mode><confirm config:type="boolean">false</confirm></mode></general>
  <partitioning config:type="list"><drive><use>all</use></drive></partitioning>
  <networking>
    <dns><hostname>${xml(answers.hostname)}</hostname><domain>${xml(answers.domain)}</domain></dns>
    <interfaces config:type="list"><interface><device>eth0</device><bootproto>dhcp</bootproto><startmode>auto</startmode></interface></interfaces>
  </networking>
  <software><packages config:type="list">${answers.packages
    .split(/\s+/)
    .filter((name) => name !== '')
    .map((name) => `<package>${xml(name)}</package>`)
    .join('')}</packages></software>
  <timezone><timezone>${xml(answers.timezone)}</timezone></timezone>
  <users config:type="list">
    <user><username>root</username><user_password>${xml(password)}</user_password><encrypted config:type="boolean">${String(encrypted)}</encrypted></user>
  </users>
  <scripts>
    <pre-scripts config:type="list">
${script('started', get('autoyast/start'))}
    </pre-scripts>
    <init-scripts config:type="list">
${script('first-boot', `${get('postinstall/inject', '/etc/rc.local')}; chmod 755 /etc/rc.local; ${get('autoyast/end')}; /etc/rc.local`)}
    </init-scripts>
  </scripts>
</profile>
`;
}

/** The answer file of one XenServer host. */
export function xenserverAnswers(answers: Answers): string {
  return `<?xml version="1.0"?>
<installation>
  <primary-disk>sda</primary-disk>
  <keymap>us</keymap>
  <hostname>${xml(answers.hostname)}</hostname>
  <root-password>${xml(answers.rootPassword ?? '')}</root-password>
  <source type="url">${xml(answers.files ?? '')}</source>
  <script stage="installation-start" type="url">${xml(answers.callback('answerfile/hook-begin'))}</script>
  <script stage="installation-complete" type="url">${xml(answers.callback('answerfile/hook-finish'))}</script>
  <admin-interface name="eth0" proto="dhcp" />
  <timezone>${xml(answers.timezone)}</timezone>
</installation>
`;
}

/** Scripts that the XenServer installer fetches and runs at the start and at the end. */
export function xenserverHook(answers: Answers, which: 'start' | 'end'): string {
  const fetch = (path: string): string => `wget -q -O /dev/null '${answers.callback(path)}'`;
  if (which === 'start') return `#!/bin/sh\n${fetch('answerfile/start')}\nexit 0\n`;
  return `#!/bin/sh
# $1 is where the new system is mounted
cat > "$1/etc/rc.d/rc3.d/S99razor" <<'END'
#!/bin/sh
${fetch('postinstall/boot')}
${fetch('postinstall/final')} && rm -f /etc/rc.d/rc3.d/S99razor
END
chmod 755 "$1/etc/rc.d/rc3.d/S99razor"
${fetch('answerfile/end')}
exit 0
`;
}
