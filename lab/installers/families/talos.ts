/** Talos Linux: it installs itself from a machine configuration, which holds the cluster's secrets and is the site's own. */
import type { Installer } from '../installer.ts';

export const talos: Installer = {
  word: 'talos',
  files: {},
  ownFile: 'config.yaml',
  // it says nothing when it is done
  lastFile: 'config.yaml',
  load: ({ answers, kernel, initrd, words }) => ({
    kernel,
    initrd,
    words: [
      ...['talos.platform=metal', 'console=tty0', 'init_on_alloc=1', 'slab_nomerge', 'pti=on'],
      `talos.config=${answers.callback('talos/config.yaml')}`,
      ...words,
    ],
  }),
};
