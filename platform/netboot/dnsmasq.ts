/**
 * Lines of dnsmasq(8) that boot machines: firmware gets iPXE by TFTP, iPXE gets the script. One writer for the virtual site
 * (`lab vm`), for `lab ipxe --out` and for `image ipxe`. Pure.
 */

export interface NetbootServer {
  /** IPv4 address of the TFTP server. It is named in every answer: beside another DHCP server next-server is that one's. */
  readonly address: string;
  /** Directory with razor.ipxe, undionly.kpxe and the loaders of EFI_FIRMWARE. */
  readonly tftpRoot: string;
  /** Port of the same address where the loaders lie below /boot/ for UEFI HTTP boot; its clients get nothing without it. */
  readonly httpPort?: number;
  /** UEFI machines get shim instead of iPXE, which is not signed. */
  readonly secureBoot?: boolean;
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

interface EfiFirmware {
  /** Of dnsmasq. */
  readonly tag: string;
  /** Client architectures of option 93 when it asks for a file by TFTP (RFC 4578 and the IANA registry "Processor Architecture Types"). */
  readonly arches: readonly number[];
  /** The one when it boots by HTTP; undefined where no loader was seen to come up that way. */
  readonly http: number | undefined;
  /** What dnsmasq calls the architectures in a pxe-service. */
  readonly services: readonly string[];
  readonly loader: string;
  /** Under Secure Boot; undefined where nobody signs one. */
  readonly signed: string | undefined;
}

/** Kinds of UEFI and their loaders. There is no iPXE of Debian for IA-32 (64-bit processors with 32-bit firmware): these get GRUB. */
const EFI_FIRMWARE: readonly EfiFirmware[] = [
  {
    tag: 'efi64',
    arches: [7, 9],
    http: 16,
    services: ['X86-64_EFI', 'BC_EFI'],
    loader: 'ipxe.efi',
    signed: 'shimx64.efi',
  },
  {
    tag: 'efiarm64',
    arches: [11],
    http: 19,
    services: ['ARM64_EFI'],
    loader: 'ipxe-arm64.efi',
    signed: 'shimaa64.efi',
  },
  {
    tag: 'efi32',
    arches: [6],
    http: undefined,
    services: ['IA32_EFI'],
    loader: 'grubia32.efi',
    signed: undefined,
  },
];

/** Other architectures that cannot start a BIOS loader, which would hang them: they get nothing, and their firmware says so. */
const OTHERS = [2, 3, 4, 5, 8, 10, 15, 17, 18, 20, 25, 27];

function loaderOf({ loader, signed }: EfiFirmware, secureBoot: boolean | undefined): string {
  return secureBoot === true && signed !== undefined ? signed : loader;
}

/** UEFI HTTP boot: firmware takes an offer only with its own vendor class in it (UEFI 2.10, 24.7.3.2). */
function httpBootLines({ address, httpPort, secureBoot }: NetbootServer): string[] {
  const kinds = EFI_FIRMWARE.filter(({ http }) => http !== undefined);
  if (httpPort === undefined) return kinds.map(({ http }) => `dhcp-match=set:other,option:client-arch,${http}`);
  return [
    'dhcp-vendorclass=set:efihttp,HTTPClient',
    'dhcp-option-force=tag:efihttp,60,HTTPClient',
    ...kinds.flatMap((kind) => [
      `dhcp-match=set:${kind.tag}http,option:client-arch,${kind.http}`,
      `dhcp-boot=tag:${kind.tag}http,http://${address}:${httpPort}/boot/${loaderOf(kind, secureBoot)}`,
    ]),
  ];
}

/** For the DHCP server of the network itself. */
export function netbootLines(server: NetbootServer): readonly string[] {
  const { address, tftpRoot, secureBoot } = server;
  const notBios = EFI_FIRMWARE.flatMap(({ tag, http }) => [tag, ...(http === undefined ? [] : [`${tag}http`])]);
  return [
    IS_IPXE,
    NO_PROXY_WAIT,
    ...EFI_FIRMWARE.flatMap(({ tag, arches }) =>
      arches.map((arch) => `dhcp-match=set:${tag},option:client-arch,${arch}`),
    ),
    ...OTHERS.map((arch) => `dhcp-match=set:other,option:client-arch,${arch}`),
    ...EFI_FIRMWARE.map((kind) => `dhcp-boot=tag:!ipxe,tag:${kind.tag},${loaderOf(kind, secureBoot)},razor,${address}`),
    ...httpBootLines(server),
    `dhcp-boot=tag:!ipxe,${[...notBios, 'other'].map((tag) => `tag:!${tag},`).join('')}undionly.kpxe,razor,${address}`,
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
    `# The agent's lease is of the other server: name yours on its kernel line, razor.ip=${address} (lab --mk-kernel-args,`,
    '# rz_mk_boot_kernel_args of Razor), or by the DNS name razor.',
    'port=0',
    `dhcp-range=${network},proxy`,
    IS_IPXE,
    `pxe-service=tag:!ipxe,X86PC,"Razor",undionly.kpxe,${address}`,
    ...EFI_FIRMWARE.flatMap((kind) =>
      kind.services.map(
        (service) => `pxe-service=tag:!ipxe,${service},"Razor",${loaderOf(kind, secureBoot)},${address}`,
      ),
    ),
    `dhcp-boot=tag:ipxe,razor.ipxe,razor,${address}`,
    'enable-tftp',
    `tftp-root=${tftpRoot}`,
  ];
}
