/**
 * What a machine boots before it knows anybody: bootstrap script and boot menus (docs/contracts/razor-0.x.md#boot).
 * Pure.
 */

/** How many network cards the original names. */
export const CARDS = 8;

/** The path and query with which iPXE asks Razor 0.x what to boot, up to the MACs. */
const RAZOR_BOOT_QUERY = '/razor/api/boot?hw_id=';
/** The same for Hanlon, which is given the SMBIOS UUID too (razor-server-1.x-and-hanlon.md, 2.6). */
export const HANLON_BOOT_QUERY = '/hanlon/api/v1/boot?uuid=${uuid}&mac_id=';

/**
 * The lines that boot the first disk: by iPXE itself, or under UEFI by the firmware where that iPXE cannot. iPXE of Debian 13 boots a
 * local disk there, 1.0.0+git-20190125 answers "No such device". The status sends the firmware to the next entry of its boot order:
 * after a success it may show its menu. `faithful`: as the originals, which knew BIOS only.
 */
export function diskBoot(faithful: boolean): string {
  const disk = 'sanboot --no-describe --drive 0x80';
  return faithful ? disk : `${disk} ||\niseq \${platform} efi && set razor_local yes && exit 1`;
}

/** The line of a bootstrap that ends with those instead of starting over. */
export const END_FOR_LOCAL_BOOT = 'isset ${razor_local} && exit 1 ||';

/** A router that gives out addresses names itself as next-server. */
const PREFER_PROXY = 'isset ${proxydhcp/next-server} && set next-server ${proxydhcp/next-server} ||';

/**
 * The bootstrap: the first NIC that gets an address asks the server what to boot, naming all of them. `server` is
 * `HOST:PORT`; `${next-server}:8026` takes whoever DHCP names, or the proxyDHCP server beside it, which is the one that named the
 * script. `query` is what comes before the MACs.
 */
export function bootstrapIpxe(server: string, cards = CARDS, query = RAZOR_BOOT_QUERY): string {
  const numbers = Array.from({ length: cards }, (_, n) => n);
  const asks = numbers.map(
    (n) => `isset \${net${n}/mac} && dhcp net${n} && set dhcp_mac 01-\${net${n}/mac:hexhyp} && goto ask ||`,
  );
  const ids = numbers.map((n) => `\${net${n}/mac}`).join('_');
  return `${[
    '#!ipxe',
    ...asks,
    'echo No network interface got an address',
    'goto error',
    ':ask',
    ...(server.startsWith('${next-server}') ? [PREFER_PROXY] : []),
    `chain http://${server}${query}${ids}&dhcp_mac=\${dhcp_mac} || goto error`,
    ':error',
    END_FOR_LOCAL_BOOT,
    'echo ERROR, will start over in 15 seconds',
    'sleep 15',
    'reboot',
  ].join('\n')}\n`;
}

/** The menu of pxelinux and isolinux, for BIOS. */
export const SYSLINUX_MENU = `default menu.c32
prompt 0
menu title Razor Boot Menu
timeout 50
f1 help.txt
f2 version.txt
label razor-boot
menu label Automatic Razor Node Boot
kernel ipxe.lkrn
append initrd=razor.ipxe
label boot-else
menu label Bypass Razor
localboot 1
`;

/**
 * The same menu as an iPXE script, for UEFI, where pxelinux's does not run. As autoexec.ipxe it runs before iPXE has opened a card,
 * and `chain razor.ipxe` would time out, so it asks DHCP first.
 */
export const IPXE_MENU = `#!ipxe
menu Razor Boot Menu || goto razor-boot
item razor-boot Automatic Razor Node Boot
item boot-else Bypass Razor
choose --default razor-boot --timeout 5000 target && goto \${target} || goto razor-boot
:razor-boot
dhcp || goto error
chain razor.ipxe || goto error
:boot-else
exit
:error
${END_FOR_LOCAL_BOOT}
echo ERROR, will start over in 15 seconds
sleep 15
reboot
`;

export const HELP_TEXT = `
Automatic Razor Node Boot
    Asks the Razor server what this machine is to boot: the microkernel, which
    tells the server what the machine is, or what a policy chose for it.

Bypass Razor
    Goes on with the next device of the firmware's boot order.

`;

/** The text behind F2 of the BIOS menu. */
export function menuVersionText(version: string): string {
  return `\nrazor-mk ${version}\n\n`;
}
