/** AutoYaST, the installer of SUSE up to SLES 15 and Leap 15. */
import { wordsOf, xml, type Answers } from '../answers.ts';
import type { Installer } from '../installer.ts';

export const autoyast: Installer = {
  word: 'autoyast',
  files: { file: profile },
  load: ({ answers, kernel, initrd, words }) => ({
    kernel,
    initrd,
    words: [
      `install=${answers.files ?? ''}`,
      `autoyast=${answers.callback('autoyast/file')}`,
      ...words.map((word) => word.replace(/^BOOTIF=/, 'netdevice=')),
    ],
  }),
};

function element(name: string, content: string): string {
  return `<${name}>${xml(content)}</${name}>`;
}

function flag(name: string, value: boolean): string {
  return `<${name} config:type="boolean">${String(value)}</${name}>`;
}

function list(name: string, items: readonly string[]): string {
  return `<${name} config:type="list">${items.join('')}</${name}>`;
}

function script(name: string, source: string): string {
  return `<script>${element('filename', name)}${element('interpreter', 'shell')}${element('source', source)}</script>`;
}

function profile(answers: Answers): string {
  const get = (path: string): string => `curl -fsS -o /dev/null '${answers.callback(path)}'`;
  const setup = `curl -fsS -o /tmp/razor-setup '${answers.callback('postinstall/setup')}' && sh /tmp/razor-setup /mnt`;
  const device = answers.installDevice === undefined ? '' : element('device', answers.installDevice);
  const packages = wordsOf(answers.packages).map((name) =>
    element('package', name === 'openssh-server' ? 'openssh' : name),
  );
  const product = answers.product === undefined ? '' : list('products', [element('product', answers.product)]);
  return `<?xml version="1.0"?>
<!DOCTYPE profile>
<profile xmlns="http://www.suse.com/1.0/yast2ns" xmlns:config="http://www.suse.com/1.0/configns">
  <general><mode>${flag('confirm', false)}</mode></general>
  <partitioning config:type="list"><drive>${device}${flag('initialize', true)}${element('use', 'all')}</drive></partitioning>
  <networking>
    ${flag('keep_install_network', true)}
    <dns>${element('hostname', answers.hostname)}${element('domain', answers.domain)}</dns>
  </networking>
  <software>${product}${list('packages', packages)}</software>
  <timezone>${element('timezone', answers.timezone)}</timezone>
  <users config:type="list">
    <user>${element('username', 'root')}${element('user_password', answers.rootPasswordHash ?? '!')}${flag('encrypted', true)}</user>
  </users>
  <scripts>
    ${list('pre-scripts', [script('started', get('autoyast/start'))])}
    ${list('chroot-scripts', [script('first-boot', `${setup}; ${get('autoyast/end')}`)])}
  </scripts>
</profile>
`;
}
