/** Answers for Anaconda (Red Hat and its clones) and for ESXi: both call theirs kickstart. */
import type { Answers } from './answers.ts';

/** The kickstart file of one Red Hat-like node. */
export function kickstart(answers: Answers): string {
  return `${[
    `# Answers for ${answers.hostname}.${answers.domain}`,
    'text',
    ...(answers.files === undefined ? [] : [`url --url=${answers.files}`]),
    'lang en_US.UTF-8',
    'keyboard us',
    `network --bootproto=dhcp --hostname=${answers.hostname}.${answers.domain}`,
    rootLine(answers),
    'firewall --service=ssh',
    `timezone ${answers.timezone} --utc`,
    'bootloader --location=mbr',
    'zerombr',
    'clearpart --all --initlabel',
    'autopart',
    'reboot',
    '',
    '%packages',
    '@core',
    ...answers.packages.split(/\s+/).filter((name) => name !== ''),
    '%end',
    '',
    '%pre',
    `curl -fsS -o /dev/null '${answers.callback('kickstart/start')}' || wget -q -O /dev/null '${answers.callback('kickstart/start')}'`,
    '%end',
    '',
    '%post',
    `curl -fsS -o /etc/rc.d/rc.local '${answers.callback('postinstall/inject')}'`,
    'chmod 755 /etc/rc.d/rc.local',
    `curl -fsS -o /dev/null '${answers.callback('kickstart/end')}'`,
    '%end',
  ].join('\n')}\n`;
}

function rootLine({ rootPassword, rootPasswordHash }: Answers): string {
  if (rootPasswordHash !== undefined) return `rootpw --iscrypted ${rootPasswordHash}`;
  return rootPassword === undefined ? 'rootpw --lock' : `rootpw --plaintext ${rootPassword}`;
}

/** The kickstart file of one ESXi host. It has no locked root: a model without a password is refused earlier. */
export function esxiKickstart(answers: Answers): string {
  const fetch = (path: string): string => `wget -O /dev/null '${answers.callback(path)}'`;
  return `${[
    `# Answers for ${answers.hostname}.${answers.domain}`,
    'vmaccepteula',
    answers.rootPasswordHash === undefined
      ? `rootpw ${answers.rootPassword ?? ''}`
      : `rootpw --iscrypted ${answers.rootPasswordHash}`,
    'install --firstdisk --overwritevmfs',
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
