/**
 * An image that the microkernel itself writes: nothing is booted to install it. cloud-init of the new system reads NoCloud's files
 * (cloudinit.readthedocs.io, datasource NoCloud) from a partition that is written beside the image.
 */
import { gzipSync } from 'node:zlib';
import { wordsOf, type Answers } from '../../answers.ts';
import type { Installer } from '../../installer.ts';
import { nodeMetaData, vendorParts } from '../cloud-init.ts';
import { fatVolume } from './fat-volume.ts';

/** First word of its callbacks. */
export const IMAGE_WORD = 'image';
/** The callback under which the volume is read. */
export const CONFIG_DRIVE = 'config-drive';
/** What the volume holds, in this order; the last one only where a site has one, since cloud-init asks DHCP without it. */
export const CLOUD_FILES = ['meta-data', 'user-data', 'vendor-data', 'network-config'] as const;

export const diskImage: Installer = {
  word: IMAGE_WORD,
  files: {
    'meta-data': nodeMetaData,
    'user-data': userData,
    'vendor-data': vendorData,
    'network-config': ({ networkConfig }) => networkConfig,
  },
};

function userData(answers: Answers): string {
  return answers.userData ?? '#cloud-config\n{}\n';
}

/** The model's settings, and the report of the first start. */
function vendorData(answers: Answers): string {
  const { sshKey, rootPasswordHash, timezone, packages, domain, hostname } = answers;
  const config = {
    fqdn: `${hostname}.${domain}`,
    ...(sshKey !== undefined && { ssh_authorized_keys: [sshKey] }),
    ...(rootPasswordHash !== undefined && {
      chpasswd: { expire: false, users: [{ name: 'root', password: rootPasswordHash, type: 'hash' }] },
    }),
    ...(timezone !== 'UTC' && { timezone }),
    ...(answers.packagesAsked && { package_update: true, packages: wordsOf(packages) }),
  };
  return vendorParts(config, answers);
}

/** A volume labelled `cidata` with these files, as the agent takes it: base64 of a gzip. The same files give the same text. */
export function configDrive(files: ReadonlyMap<string, string>): string {
  const volume = fatVolume('CIDATA', new Map([...files].map(([name, text]) => [name, Buffer.from(text)])));
  return gzipSync(volume).toString('base64');
}
