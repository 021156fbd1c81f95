/**
 * Ubuntu Server's installer from 20.04 on: cloud-init's NoCloud files with a section `autoinstall`. The live system is loaded as one
 * ISO into memory, so a machine needs the ISO's size and some 2 GiB more.
 */
import { wordsOf, type Answers } from '../answers.ts';
import type { Installer } from '../installer.ts';

export const autoinstall: Installer = {
  word: 'autoinstall',
  files: { 'user-data': userData, 'meta-data': metaData, 'vendor-data': () => '#cloud-config\n{}\n' },
  load: ({ answers, kernel, initrd, words }) => ({
    kernel,
    initrd,
    words: [
      ...['autoinstall', 'ip=dhcp', `url=${answers.iso ?? ''}`],
      `ds=nocloud-net;s=${answers.filesBelow('autoinstall')}`,
      // cloud-init takes url= for its own, and would load the ISO a second time
      'cloud-config-url=/dev/null',
      ...words,
    ],
  }),
};

function metaData(answers: Answers): string {
  return `instance-id: ${answers.hostname}\nlocal-hostname: ${answers.hostname}\n`;
}

/** JSON is YAML too: nothing that a setting holds can be anything but a string. */
function userData(answers: Answers): string {
  const { hostname, domain, rootPasswordHash, sshKey, installDevice } = answers;
  const get = (path: string): string => {
    const url = answers.callback(path);
    return `curl -fsS -o /dev/null '${url}' || wget -q -O /dev/null '${url}'`;
  };
  const setup = `curl -fsS -o /tmp/razor-setup '${answers.callback('postinstall/setup')}' && sh /tmp/razor-setup /target`;
  const config = {
    autoinstall: {
      version: 1,
      locale: 'en_US.UTF-8',
      keyboard: { layout: 'us' },
      timezone: answers.timezone,
      ssh: { 'install-server': true, 'allow-pw': false },
      storage: {
        layout: { name: 'direct', ...(installDevice !== undefined && { match: { path: installDevice } }) },
      },
      packages: wordsOf(answers.packages),
      'early-commands': [get('autoinstall/start')],
      'late-commands': [`${setup}; ${get('autoinstall/end')}`],
      'error-commands': [get('autoinstall/error')],
      'user-data': {
        hostname,
        fqdn: `${hostname}.${domain}`,
        disable_root: false,
        users: [
          {
            name: 'root',
            lock_passwd: rootPasswordHash === undefined,
            ...(rootPasswordHash !== undefined && { hashed_passwd: rootPasswordHash }),
            ...(sshKey !== undefined && { ssh_authorized_keys: [sshKey] }),
          },
        ],
      },
      shutdown: 'reboot',
    },
  };
  return `#cloud-config\n${JSON.stringify(config, undefined, 2)}\n`;
}
