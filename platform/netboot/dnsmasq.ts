/**
 * Lines of dnsmasq(8) that boot machines: firmware gets iPXE by TFTP, iPXE gets the script. One writer for the virtual site
 * (`lab vm`), for `lab ipxe --out` and for `image ipxe`. Pure.
 */

export interface NetbootServer {
  /** IPv4 address of the TFTP server. It is named in every answer: beside another DHCP server next-server is that one's. */
  readonly address: string;
  /** Directory with razor.ipxe, ipxe.efi and undionly.kpxe. */
  readonly tftpRoot: string;
  /**
   * UEFI machines get shim instead of iPXE, which is not signed: by TFTP, and by HTTP from this port of the same address, below
   * /boot/ (UEFI HTTP boot, client architecture 16).
   */
  readonly secureBoot?: { readonly httpPort: number };
}

/** What stands for the address of the TFTP server in a file whose writer does not know it (RFC 5737). */
export const UNKNOWN_ADDRESS = '192.0.2.1';

/** iPXE asks with option 175, firmware does not. */
const IS_IPXE = 'dhcp-match=set:ipxe,175';
/**
 * Option 175.176: iPXE does not wait for a proxyDHCP answer, which saves 16 seconds at each `dhcp` with `enable-ra` (it waits for a
 * router advertisement as well). Never beside another DHCP server, where that answer is ours.
 */
const NO_PROXY_WAIT = 'dhcp-option=tag:ipxe,encap:175,176,1b';

/**
 * Client architectures of option 93 (RFC 4578 and the IANA registry "Processor Architecture Types") that cannot start a BIOS loader:
 * x86-64 UEFI gets ipxe.efi, the others (IA-32, ARM, RISC-V, and UEFI HTTP boot, which wants a URL) get nothing, and their
 * firmware says so; a BIOS loader would hang them.
 */
const EFI64 = [7, 9];
const OTHERS = [2, 3, 4, 5, 6, 8, 10, 11, 15, 16, 17, 18, 19, 20, 25, 27];

function efiLoader(secureBoot: NetbootServer['secureBoot']): string {
  return secureBoot === undefined ? 'ipxe.efi' : 'shimx64.efi';
}

/** UEFI HTTP boot: firmware takes an offer only with its own vendor class in it (UEFI 2.10, 24.7.3.2). */
function httpBootLines(address: string, port: number): string[] {
  return [
    'dhcp-match=set:efihttp,option:client-arch,16',
    'dhcp-vendorclass=set:efihttp,HTTPClient',
    'dhcp-option-force=tag:efihttp,60,HTTPClient',
    `dhcp-boot=tag:efihttp,http://${address}:${port}/boot/shimx64.efi`,
  ];
}

/** For the DHCP server of the network itself. */
export function netbootLines({ address, tftpRoot, secureBoot }: NetbootServer): readonly string[] {
  return [
    IS_IPXE,
    NO_PROXY_WAIT,
    ...EFI64.map((arch) => `dhcp-match=set:efi64,option:client-arch,${arch}`),
    ...OTHERS.map((arch) => `dhcp-match=set:other,option:client-arch,${arch}`),
    `dhcp-boot=tag:!ipxe,tag:efi64,${efiLoader(secureBoot)},razor,${address}`,
    ...(secureBoot === undefined ? [] : httpBootLines(address, secureBoot.httpPort)),
    `dhcp-boot=tag:!ipxe,tag:!efi64,tag:!other,undionly.kpxe,razor,${address}`,
    `dhcp-boot=tag:ipxe,razor.ipxe,razor,${address}`,
    'enable-tftp',
    `tftp-root=${tftpRoot}`,
  ];
}

/** Beside a DHCP server that gives out the addresses (proxyDHCP); `network` is any address of the network. */
export function proxyNetbootLines(
  { address, tftpRoot, secureBoot }: NetbootServer,
  network = address.replace(/\.\d+$/, '.0'),
): readonly string[] {
  return [
    'port=0',
    `dhcp-range=${network},proxy`,
    IS_IPXE,
    `pxe-service=tag:!ipxe,X86PC,"Razor",undionly.kpxe,${address}`,
    `pxe-service=tag:!ipxe,X86-64_EFI,"Razor",${efiLoader(secureBoot)},${address}`,
    `pxe-service=tag:!ipxe,BC_EFI,"Razor",${efiLoader(secureBoot)},${address}`,
    `dhcp-boot=tag:ipxe,razor.ipxe,razor,${address}`,
    'enable-tftp',
    `tftp-root=${tftpRoot}`,
  ];
}
