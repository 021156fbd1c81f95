/** XenServer: an answer file in XML, and two scripts. */
import { xml, type Answers } from '../../answers.ts';
import type { Installer } from '../../installer.ts';

export const xenserver: Installer = {
  word: 'answerfile',
  files: {
    file: xenserverAnswers,
    'hook-begin': (answers) => xenserverHook(answers, 'start'),
    'hook-finish': (answers) => xenserverHook(answers, 'end'),
  },
  needsPassword: 'plain',
  load({ answers, files, kernel, initrd, words }) {
    const extra = words.filter((word) => !word.startsWith('BOOTIF='));
    const dom0 = [
      'xencons=hvc console=hvc0 console=tty0',
      `answerfile=${answers.callback('answerfile/file')}`,
      'install',
      ...extra,
    ];
    return {
      lines: [
        `kernel ${kernel} dom0_mem=1024M,max:1024M com1=115200,8n1 console=com1,vga || goto error`,
        `module ${files}/boot/vmlinuz ${dom0.join(' ')} || goto error`,
        `module ${initrd} || goto error`,
      ],
    };
  },
};

function xenserverAnswers(answers: Answers): string {
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

/** Scripts that the installer fetches and runs at the start and at the end. */
function xenserverHook(answers: Answers, which: 'start' | 'end'): string {
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
