/**
 * A TFTP root from which machines get iPXE and find their Razor server: iPXE's files as Debian ships them, the script
 * that asks the boot API, pxelinux with its menu, and examples for dnsmasq.
 */
import { mkdirSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { replaceFile } from '../../../platform/files.ts';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { grubBootstrap } from '../../../platform/netboot/grub-bootstrap.ts';
import { copyLoaders, missingLoaders } from '../../../platform/netboot/loaders.ts';
import { netbootLines, proxyNetbootLines, type NetbootServer } from '../../../platform/netboot/dnsmasq.ts';
import {
  bootstrapIpxe,
  HELP_TEXT,
  IPXE_MENU,
  SYSLINUX_MENU,
  menuVersionText,
} from '../../../platform/netboot/scripts.ts';

import { layOutSecureBoot, type SignedLoaders } from './secure-boot.ts';

interface IpxeOptions {
  readonly out: string;
  /** Host of the Razor server; iPXE's next-server when absent. */
  readonly server?: string;
  readonly port: number;
  /** How many network cards are named in the hardware id: the original's number is 8. */
  readonly cards: number;
  /** Shown by F2 in the menu. */
  readonly version: string;
  /** Directory with iPXE's files; Debian's package on this machine by default. */
  readonly ipxe?: string;
  /** UEFI machines get shim and GRUB, of each architecture in the list. */
  readonly secureBoot?: readonly SignedLoaders[];
  /** For the dnsmasq examples. */
  readonly network: { readonly interface: string; readonly address: string; readonly range: string };
}

interface IpxeLayout {
  readonly written: readonly string[];
  /** Files of packages that are not installed. */
  readonly missing: readonly { readonly file: string; readonly debian: string; readonly need: string }[];
}

/** Lays the TFTP root out. Throws RAZOR_MK_USAGE for values that would not work, RAZOR_MK_IMAGE_PROGRAM without iPXE. */
export function layOutIpxe(options: IpxeOptions): IpxeLayout {
  checkOptions(options);
  checkLoaders(options.ipxe);
  for (const name of ['pxelinux.cfg', 'grub']) mkdirSync(join(options.out, name), { recursive: true });
  const texts: readonly (readonly [string, string])[] = [
    ['razor.ipxe', ipxeScript(options)],
    ['menu.ipxe', IPXE_MENU],
    ['pxelinux.cfg/default', SYSLINUX_MENU],
    ['help.txt', HELP_TEXT],
    ['version.txt', menuVersionText(options.version)],
    ['grub/grub.cfg', grubBootstrap(`${options.server ?? '$net_default_server'}:${options.port}`)],
    ['dnsmasq.conf', dnsmasqConfig(options)],
    ['dnsmasq-proxy.conf', proxyConfig(options)],
  ];
  for (const [name, text] of texts) replaceFile(join(options.out, name), text);
  const { written, missing } = layOutLoaders(options.out, options.ipxe);
  const signed = (options.secureBoot ?? []).flatMap((loaders) => layOutSecureBoot(options.out, loaders));
  return { written: [...texts.map(([name]) => name), ...written, ...signed].sort(), missing };
}

/** Only the boot loaders, for a root whose scripts are somebody else's. Throws RAZOR_MK_IMAGE_PROGRAM without iPXE. */
export function layOutLoaders(out: string, ipxe: string | undefined): IpxeLayout {
  checkLoaders(ipxe);
  mkdirSync(out, { recursive: true });
  return {
    written: [...copyLoaders(out, ipxe)].sort(),
    missing: missingLoaders(ipxe).map(({ name, debian, need }) => ({ file: name, debian, need })),
  };
}

function checkLoaders(ipxe: string | undefined): void {
  const first = missingLoaders(ipxe).find(({ essential }) => essential);
  if (first === undefined) return;
  throw new RazorMkError('RAZOR_MK_IMAGE_PROGRAM', `${first.name} is not there (${first.from.join(', ')})`, {
    remedy: `Install it: apt-get install ${first.debian}.`,
  });
}

function checkOptions({ server, port, cards, network }: IpxeOptions): void {
  const bad = (what: string, value: string, remedy: string): RazorMkError =>
    new RazorMkError('RAZOR_MK_USAGE', `invalid ${what}: ${JSON.stringify(value)}`, { remedy });
  if (server !== undefined && !/^[A-Za-z0-9]([A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/.test(server)) {
    throw bad('host', server, 'Give an address or a name: --server 192.0.2.10.');
  }
  if (!(port > 0 && port < 65536)) throw bad('port', String(port), 'Give 1 to 65535.');
  if (!(cards >= 1 && cards <= 16)) throw bad('number of network cards', String(cards), 'Give 1 to 16.');
  if (!/^[A-Za-z0-9_.-]{1,15}$/.test(network.interface))
    throw bad('network interface', network.interface, 'Give a name like eth1.');
  if (isIP(network.address) !== 4) throw bad('address', network.address, 'Give an IPv4 address like 192.0.2.1.');
  const [from = '', to = ''] = network.range.split(',');
  if (isIP(from) !== 4 || isIP(to) !== 4)
    throw bad('range', network.range, 'Give two addresses: 192.0.2.100,192.0.2.150.');
}

/** The script that iPXE runs: the first card that gets an address, then the boot API with the addresses of all cards. */
export function ipxeScript({ server, port, cards }: Pick<IpxeOptions, 'server' | 'port' | 'cards'>): string {
  return bootstrapIpxe(`${server ?? '${next-server}'}:${port}`, cards);
}

function dnsmasqConfig(options: IpxeOptions): string {
  const { network } = options;
  const { address } = network;
  return `# dnsmasq as the only DHCP and TFTP server of a network of Razor nodes. Give the interface the address ${address} and
# fd77::1/64, then: dnsmasq --keep-in-foreground -C dnsmasq.conf
interface=${network.interface}
bind-interfaces
dhcp-authoritative
no-ping
dhcp-range=${network.range},255.255.255.0,1h
# Router advertisements save each machine some of 16 seconds a boot, in which iPXE waits for one, and option 175.176 below the
# others (it waits for a proxyDHCP server). The network fd77:: is of this network alone.
enable-ra
dhcp-range=fd77::,ra-only,64

# firmware gets iPXE, iPXE gets the script
${netbootLines(serverOf(options)).join('\n')}

# the agent also finds its server by the name razor
address=/razor/${address}
local=/razor.internal/
domain=razor.internal
`;
}

function serverOf({ network, out, port, secureBoot }: IpxeOptions): NetbootServer {
  const { address } = network;
  return { address, tftpRoot: out, httpPort: port, secureBoot: secureBoot !== undefined };
}

function proxyConfig(options: IpxeOptions): string {
  const { network } = options;
  return `# dnsmasq beside a DHCP server that stays as it is (proxyDHCP): that one gives addresses, this one says what to boot.
# iPXE must wait for this answer here, so the line that would save that time is not in this file.
interface=${network.interface}
bind-interfaces
${proxyNetbootLines(serverOf(options)).join('\n')}
`;
}
