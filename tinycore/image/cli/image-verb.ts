/** `razor-mk image …`: the image builder's verbs. */
import { defineGroup } from '../../../platform/process/verb.ts';

export const verb = defineGroup([
  {
    name: 'build',
    describe: 'make a microkernel image: kernel and initrd, ISO, image service directory, microkernel.tar',
    load: async () => (await import('./build-verb.ts')).verb,
  },
  {
    name: 'inspect',
    describe: 'look into an ISO or an initrd, and judge it as a Razor server and a machine would',
    load: async () => (await import('./inspect-verb.ts')).verb,
  },
  {
    name: 'edit',
    describe: 'another kernel line or server in a finished ISO, without building it anew',
    load: async () => (await import('./edit-verb.ts')).verb,
  },
  {
    name: 'bundle',
    describe: 'put all that a build needs into one file, for a builder without network',
    load: async () => (await import('./bundle-verb.ts')).verb,
  },
  {
    name: 'base',
    describe: 'make a base (kernel and core.gz in the shape of Tiny Core) out of Debian packages',
    load: async () => (await import('./base-verb.ts')).verb,
  },
  {
    name: 'ipxe',
    describe: 'lay out a TFTP root: iPXE, its script, pxelinux, examples for dnsmasq',
    load: async () => (await import('./ipxe-verb.ts')).verb,
  },
]);
