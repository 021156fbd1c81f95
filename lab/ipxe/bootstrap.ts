/** The script that leads a machine to the boot API of each dialect, and the port where the lab has it. */
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
