/** The next-server file: what udhcpc's script wrote of the lease's siaddr (`/tmp/nextServerIP.addr`). */
import { parseAddress, type ServerAddress } from './address.ts';

export const NEXT_SERVER_FILE = '/tmp/nextServerIP.addr';

/** The address in the file, or what is wrong with it in words. One line; blanks and a newline around it do no harm. */
export function parseNextServer(bytes: Uint8Array): ServerAddress | { readonly wrong: string } {
  if (bytes.length > 4096) return { wrong: 'is longer than 4,096 bytes: not an address' };
  const text = Buffer.from(bytes).toString('latin1').trim();
  if (text === '') return { wrong: 'is empty: the DHCP server sent no next-server (siaddr)' };
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const address = lines.length === 1 ? parseAddress(lines[0] as string) : undefined;
  if (address === undefined) {
    const shown = text.replaceAll(/[^\x20-\x7e]+/g, '?').slice(0, 60);
    return { wrong: `holds an invalid address "${shown}"` };
  }
  if (address.host === '0.0.0.0' || address.host === '::') {
    return { wrong: 'holds 0.0.0.0: the DHCP server sent no next-server (siaddr)' };
  }
  return address;
}
