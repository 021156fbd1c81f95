/** A configuration for dnsmasq that serves such a directory to BIOS and UEFI machines. */
export function dnsmasqConf(root: string): string {
  return `# Proxy DHCP beside a DHCP server that gives out addresses: set the network, then
#   dnsmasq --keep-in-foreground --conf-file=dnsmasq.conf
port=0
dhcp-range=192.0.2.0,proxy
enable-tftp
tftp-root=${root}
# iPXE asks a second time, and gets the script
dhcp-match=set:ipxe,175
# no waiting for another proxy: saves 16 seconds at each start
dhcp-option=encap:175,176,1b
pxe-service=tag:!ipxe,X86PC,"Razor",undionly.kpxe
pxe-service=tag:!ipxe,X86-64_EFI,"Razor",ipxe.efi
pxe-service=tag:!ipxe,BC_EFI,"Razor",ipxe.efi
dhcp-boot=tag:ipxe,razor.ipxe
`;
}
