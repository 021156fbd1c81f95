/** Every installer, one row each; what a family reads is in families/. */
import type { Answers } from './answers.ts';
import { agama } from './families/agama.ts';
import { anaconda, anaconda6 } from './families/anaconda.ts';
import { autoinstall } from './families/autoinstall.ts';
import { autoyast } from './families/autoyast.ts';
import { nodeMetaData, nodeUserData, nodeVendorData } from './families/cloud-init.ts';
import { esxi } from './families/hypervisors/esxi.ts';
import { firstBootScript, setupScript } from './families/first-boot.ts';
import { diskImage } from './families/disk-image/disk-image.ts';
import { coreos, flatcar } from './families/ignition.ts';
import { preseed } from './families/preseed.ts';
import { proxmox } from './families/hypervisors/proxmox.ts';
import { talos } from './families/talos.ts';
import { windows } from './families/windows.ts';
import { xenserver } from './families/hypervisors/xenserver.ts';
import type { Installer } from './installer.ts';
import { templateOf, type InstallerName } from './templates.ts';

const INSTALLERS: Readonly<Record<InstallerName, Installer>> = {
  preseed,
  autoinstall,
  kickstart: anaconda,
  kickstart_6: anaconda6,
  autoyast,
  agama,
  coreos,
  flatcar,
  talos,
  proxmox,
  esxi,
  windows,
  xenserver,
  image: diskImage,
};

/** The installer of a template; undefined for a template that no longer exists. */
export function installerOf(template: string): Installer | undefined {
  const name = templateOf(template)?.installer;
  return name && INSTALLERS[name];
}

/** Files of the new system, which every installer may read, by the second word of `postinstall/…`. */
export const POSTINSTALL: Readonly<Record<string, (answers: Answers) => string>> = {
  inject: firstBootScript,
  setup: setupScript,
  'meta-data': nodeMetaData,
  'user-data': nodeUserData,
  'vendor-data': nodeVendorData,
};
