/** A configuration for dnsmasq that serves a TFTP root to BIOS and UEFI machines, beside a DHCP server. */
import { proxyNetbootLines, UNKNOWN_ADDRESS, type NetbootServer } from '../../platform/netboot/dnsmasq.ts';

/** The file's text. Where nobody said which address the TFTP server has, a comment says where to write it. */
export function dnsmasqConf(server: NetbootServer): string {
  const set =
    server.address === UNKNOWN_ADDRESS
      ? [`# Write the address of this machine in place of ${UNKNOWN_ADDRESS}, and its network in place of 192.0.2.0.`]
      : [];
  return `${[
    '# Proxy DHCP beside a DHCP server that gives out the addresses:',
    '#   dnsmasq --keep-in-foreground --conf-file=dnsmasq.conf',
    '# iPXE must wait for this answer, so it is not told to go on without one.',
    ...set,
    ...proxyNetbootLines(server),
  ].join('\n')}\n`;
}
