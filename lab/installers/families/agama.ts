/** Agama, the installer of SLES 16 and Leap 16: a profile in JSON (profile.schema.json of its branch SLE-16). */
import { wordsOf, type Answers } from '../answers.ts';
import type { Installer } from '../installer.ts';

export const agama: Installer = {
  word: 'agama',
  files: { 'profile.json': profile },
  load: ({ answers, files, kernel, initrd, words }) => ({
    kernel,
    initrd,
    words: [
      `root=live:${files}/LiveOS/squashfs.img`,
      ...['ip=dhcp', 'rd.neednet=1', 'inst.finish=reboot', `inst.install_url=${files}`],
      `inst.auto=${answers.callback('agama/profile.json')}`,
      ...words,
    ],
  }),
};

function profile(answers: Answers): string {
  const { hostname, domain, rootPasswordHash, sshKey, installDevice, timezone } = answers;
  const shell = (...lines: string[]): string => `#!/bin/sh\n${lines.join('\n')}\n`;
  const get = (path: string): string => `curl -fsS -o /dev/null '${answers.callback(path)}'`;
  const setup = `curl -fsS -o /tmp/razor-setup '${answers.callback('postinstall/setup')}' && sh /tmp/razor-setup /mnt`;
  const root = {
    ...(rootPasswordHash !== undefined && { password: rootPasswordHash, hashedPassword: true }),
    ...(sshKey !== undefined && { sshPublicKey: sshKey }),
  };
  const packages = wordsOf(answers.packages).map((name) => (name === 'openssh-server' ? 'openssh' : name));
  return `${JSON.stringify(
    {
      product: { id: answers.product ?? 'SLES' },
      hostname: { static: `${hostname}.${domain}` },
      localization: { language: 'en_US.UTF-8', keyboard: 'us', timezone },
      ...(Object.keys(root).length > 0 && { root }),
      software: { packages },
      storage: {
        drives: [
          {
            ...(installDevice !== undefined && { search: installDevice }),
            partitions: [{ search: '*', delete: true }, { generate: 'default' }],
          },
        ],
      },
      scripts: {
        pre: [{ name: 'started', content: shell(get('agama/start')) }],
        post: [{ name: 'first-boot', chroot: false, content: shell(setup, get('agama/end')) }],
      },
    },
    undefined,
    2,
  )}\n`;
}
