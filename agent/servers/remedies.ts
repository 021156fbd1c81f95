/** What to do, in the words of the server that is looked for and of what was given already. */
import type { CommandLine } from '../../platform/kernel-line.ts';
import type { ServerDescriptor } from './server.ts';

type Named = Pick<ServerDescriptor, 'address' | 'discovery'>;

/** What to do where no server was found: correct what was given, else give something. */
export function notFoundRemedy({ address, discovery }: Named, kernel: CommandLine): string {
  const given = discovery.kernelKeys.find((key) => (kernel.value(key) ?? '') !== '');
  const end = 'razor-mk discover --explain shows each step.';
  if (given !== undefined) {
    const form = given === address.key ? ` It takes ${address.form}.` : '';
    return `Correct ${given}= on the kernel line, or the DNS that has its name.${form} ${end}`;
  }
  const others = [
    discovery.dnsName === undefined ? '' : `a DNS name \`${discovery.dnsName}\``,
    discovery.nextServer ? 'next-server in DHCP' : '',
    discovery.srvName === undefined ? '' : `a DNS service ${discovery.srvName}`,
  ].filter((text) => text !== '');
  const ways = [`${address.key}=${address.form} on the kernel line`, ...others];
  const list = ways.length === 1 ? ways[0] : `${ways.slice(0, -1).join(', ')} or ${ways.at(-1)}`;
  return `Give ${list}; ${end}`;
}

/** What to do where nothing listens on the server's port. */
export function wrongPortRemedy({ address }: Named): string {
  return `Start the provisioning server, or correct the port (${address.key}=${address.withPort}).`;
}

/** How the server is named without DNS, as the end of a sentence. */
export function withoutDnsRemedy({ address }: Named): string {
  return `${address.key}= with an IP address on the kernel line needs no DNS`;
}
