/**
 * What cloud-init of an installed system reads (NoCloud's three files, cloudinit.readthedocs.io): the vendor's part is the lab's,
 * so that a site's user-data stays its own.
 */
import type { Answers } from '../answers.ts';
import { fetchLine } from './first-boot.ts';

/** Reports the first boot and that the system is ready, and lets the model's key log in. */
export function nodeVendorData(answers: Answers): string {
  const { sshKey } = answers;
  return vendorParts(sshKey === undefined ? {} : { ssh_authorized_keys: [sshKey] }, answers);
}

/**
 * Settings for cloud-init, and a script that reports the first start: parts of their own, since a list of a site's user-data
 * (runcmd) takes the place of the vendor's.
 */
export function vendorParts(config: object, answers: Answers): string {
  const report = ['boot', 'final'].map((step) => fetchLine(answers.callback(`postinstall/${step}`)));
  return multipart([
    // JSON is YAML, and quotes what is in it
    ['text/cloud-config', `#cloud-config\n${JSON.stringify(config, null, 2)}\n`],
    [
      'text/x-shellscript',
      `#!/bin/sh\n# Tells the server that ${answers.hostname} has started and is ready.\n${report.join('\n')}\n`,
    ],
  ]);
}

/** RFC 2046. No part has a line that begins with the boundary. */
function multipart(parts: readonly (readonly [type: string, text: string])[]): string {
  const boundary = '==razor-mk==';
  const whole = parts.map(
    ([type, text], index) =>
      `--${boundary}\nContent-Type: ${type}; charset="utf-8"\nContent-Disposition: attachment; filename="part-${index + 1}"\nMIME-Version: 1.0\n\n${text}\n`,
  );
  return `Content-Type: multipart/mixed; boundary="${boundary}"\nMIME-Version: 1.0\n\n${whole.join('')}--${boundary}--\n`;
}

/** The instance is the installation: one that begins again is a new one to cloud-init. */
export function nodeMetaData(answers: Answers): string {
  return `${JSON.stringify({ 'instance-id': answers.instance, 'local-hostname': answers.hostname }, null, 2)}\n`;
}

/** Nothing of the lab's. */
export function nodeUserData(): string {
  return '#cloud-config\n{}\n';
}
