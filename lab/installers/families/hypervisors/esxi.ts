/** ESXi: a kickstart file of its own kind, and the image's boot.cfg. */
import type { Answers } from '../../answers.ts';
import type { Installer } from '../../installer.ts';

export const esxi: Installer = {
  word: 'kickstart',
  files: { file: esxiKickstart },
  // it has no locked root
  needsPassword: 'plain or hash',
  load: ({ answers, kernel, words }) => ({
    lines: [`kernel ${kernel} ${['-c', answers.callback('boot_cfg'), ...words].join(' ')} || goto error`],
  }),
};

function esxiKickstart(answers: Answers): string {
  const fetch = (path: string): string => `wget -O /dev/null '${answers.callback(path)}'`;
  const disk = answers.installDevice === undefined ? '--firstdisk' : `--disk=${answers.installDevice}`;
  return `${[
    `# Answers for ${answers.hostname}.${answers.domain}`,
    'vmaccepteula',
    `rootpw --iscrypted ${answers.rootPasswordHash ?? '!'}`,
    `install ${disk} --overwritevmfs`,
    `network --bootproto=dhcp --hostname=${answers.hostname}.${answers.domain}`,
    'reboot',
    '',
    '%pre --interpreter=busybox',
    fetch('kickstart/start'),
    '',
    '%post --interpreter=busybox',
    fetch('kickstart/end'),
    '',
    '%firstboot --interpreter=busybox',
    fetch('postinstall/boot'),
    fetch('postinstall/final'),
  ].join('\n')}\n`;
}

/** `boot.cfg` of an ESXi image, with its files fetched from the image service and its answers from the lab. */
export function esxiBootCfg(original: string, answers: Answers): string {
  const kept = original
    .split(/\r?\n/)
    .filter((line) => !/^(prefix|kernelopt)=/.test(line))
    .map((line) => (/^(kernel|modules)=/.test(line) ? line.toLowerCase().replaceAll(/(^|[= ])\//g, '$1') : line));
  while (kept.at(-1) === '') kept.pop();
  const options = [`prefix=${answers.files ?? ''}`, `kernelopt=ks=${answers.callback('kickstart/file')}`];
  return `${[...kept, ...options].join('\n')}\n`;
}
