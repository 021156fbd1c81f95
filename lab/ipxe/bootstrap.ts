/** The script that leads a machine to the boot API of each dialect, and the port where the lab has it. */
import { grubBootstrap } from '../../platform/netboot/grub-bootstrap.ts';
import { bootstrapIpxe, CARDS, HANLON_BOOT_QUERY } from '../../platform/netboot/scripts.ts';
import { bootstrapScript } from '../dialects/razor-server/razor-server-boot.ts';

export const BOOT_DIALECTS = ['razor', 'hanlon', 'razor-server'] as const;
type BootDialect = (typeof BOOT_DIALECTS)[number];

/** `server` is a host, `${next-server}` for whoever DHCP names; `port` the lab's own for that dialect by default. */
export function bootstrapFor(dialect: BootDialect, server: string, port?: string): string {
  if (dialect === 'razor-server') return bootstrapScript(`${server}:${port ?? '8150'}`, CARDS);
  const at = `${server}:${port ?? '8026'}`;
  return dialect === 'hanlon' ? bootstrapIpxe(at, CARDS, HANLON_BOOT_QUERY) : bootstrapIpxe(at);
}

/** The same for GRUB, which only the boot API of Razor's dialect answers. */
export function grubFor(dialect: BootDialect, server: string, port?: string): string | undefined {
  if (dialect !== 'razor') return undefined;
  return grubBootstrap(`${server.startsWith('${') ? '$net_default_server' : server}:${port ?? '8026'}`);
}
