/** Anaconda, the installer of Red Hat, its clones and Fedora: a kickstart file. */
import { wordsOf, type Answers } from '../answers.ts';
import type { Installer } from '../installer.ts';

/** `words` point it at its answers and its packages. */
function started(words: (answers: Answers) => readonly string[]): Installer {
  return {
    word: 'kickstart',
    files: { file: kickstart },
    load: ({ answers, kernel, initrd, words: more }) => ({
      kernel,
      initrd,
      words: [...words(answers), 'ip=dhcp', ...more],
    }),
  };
}

/** From Red Hat 7 on: every word of the kernel line begins with `inst.`, and `ip=dhcp` is dracut's. */
export const anaconda = started(({ callback, files }) => [
  `inst.ks=${callback('kickstart/file')}`,
  `inst.repo=${files ?? ''}`,
  'inst.text',
]);

/** Red Hat 6: the words of its time. */
export const anaconda6 = started(({ callback, files }) => [
  `ks=${callback('kickstart/file')}`,
  `repo=${files ?? ''}`,
  'ksdevice=bootif',
]);

function kickstart(answers: Answers): string {
  const get = (path: string): string => {
    const url = answers.callback(path);
    return `curl -fsS -o /dev/null '${url}' || wget -q -O /dev/null '${url}'`;
  };
  const disk = answers.installDevice?.replace(/^\/dev\//, '');
  return `${[
    `# Answers for ${answers.hostname}.${answers.domain}`,
    'text',
    ...(answers.files === undefined ? [] : [`url --url="${answers.files}"`]),
    'lang en_US.UTF-8',
    'keyboard us',
    `network --bootproto=dhcp --hostname=${answers.hostname}.${answers.domain}`,
    answers.rootPasswordHash === undefined ? 'rootpw --lock' : `rootpw --iscrypted ${answers.rootPasswordHash}`,
    'firewall --service=ssh',
    'firstboot --disable',
    `timezone ${answers.timezone} --utc`,
    ...(disk === undefined ? [] : [`ignoredisk --only-use=${disk}`]),
    'bootloader --location=mbr',
    'zerombr',
    'clearpart --all --initlabel',
    'autopart',
    'reboot',
    '',
    '%packages',
    '@core',
    ...wordsOf(answers.packages),
    '%end',
    '',
    '%pre',
    get('kickstart/start'),
    '%end',
    '',
    '%post',
    `curl -fsS -o /tmp/razor-setup '${answers.callback('postinstall/setup')}' && sh /tmp/razor-setup /`,
    'rm -f /tmp/razor-setup',
    get('kickstart/end'),
    '%end',
  ].join('\n')}\n`;
}
