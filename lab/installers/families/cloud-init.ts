/**
 * What cloud-init of an installed system reads (NoCloud's three files, cloudinit.readthedocs.io): the vendor's part is the lab's,
 * so that a site's user-data stays its own.
 */
import type { Answers } from '../answers.ts';
import { fetchLine } from './first-boot.ts';

/** Reports the first boot and that the system is ready, and lets the model's key log in. */
export function nodeVendorData(answers: Answers): string {
  const report = ['boot', 'final'].map((step) => fetchLine(answers.callback(`postinstall/${step}`)));
  // JSON is YAML, and quotes what is in it
  const data = {
    ...(answers.sshKey !== undefined && { ssh_authorized_keys: [answers.sshKey] }),
    runcmd: report.map((line) => ['sh', '-c', line]),
  };
  return `#cloud-config\n${JSON.stringify(data, null, 2)}\n`;
}

/** The instance is the installation: one that begins again is a new one to cloud-init. */
export function nodeMetaData(answers: Answers): string {
  return `${JSON.stringify({ 'instance-id': answers.instance, 'local-hostname': answers.hostname }, null, 2)}\n`;
}

/** Nothing of the lab's. */
export function nodeUserData(): string {
  return '#cloud-config\n{}\n';
}
