/**
 * Who connects to the portal and is not allowed to log in: the target turns such an initiator away without a word to us, and the
 * conductor gives the deployment up. By the kernel's table of sockets (Documentation/networking/proc_net_tcp.rst), which lists a
 * connection for a minute after its end.
 */
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { isAllowed } from './initiators.ts';

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
const LISTEN = '0A';

/** Addresses of the far ends of connections to a local port, each once. `swap`: numbers are little-endian. Pure. */
export function farEnds(table: string, port: number, swap = endianness() === 'LE'): readonly string[] {
  const own = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const found = new Set<string>();
  for (const line of table.split('\n')) {
    const [, local = '', remote = '', state] = line.trim().split(/\s+/);
    if (!local.endsWith(own) || state === LISTEN) continue;
    const address = addressOf(remote.split(':')[0] ?? '', swap);
    if (address !== undefined) found.add(address);
  }
  return [...found];
}

/** Words of four bytes each, in the machine's order; an IPv4 address in an IPv6 one counts as itself. */
function addressOf(hex: string, swap: boolean): string | undefined {
  if (!/^(?:[0-9A-F]{8}){1,4}$/.test(hex)) return undefined;
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => {
    const four = [...Buffer.from(word, 'hex')];
    return swap ? four.reverse() : four;
  });
  const mapped = bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff;
  if (bytes.length === 4 || mapped) return bytes.slice(-4).join('.');
  const groups = Array.from({ length: 8 }, (_, n) =>
    (((bytes[2 * n] ?? 0) << 8) | (bytes[2 * n + 1] ?? 0)).toString(16),
  );
  // as URLs write it, which is how allowed addresses are compared
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

/** A look at the portal: those that are not among the peers, each named once over all looks. */
export function createStrangerWatch(
  port: number,
  peers: readonly string[],
  read: (path: string) => string = (path) => readFileSync(path, 'latin1'),
): () => readonly string[] {
  const named = new Set<string>();
  return () => {
    const strangers = TABLES.flatMap((path) => {
      try {
        return farEnds(read(path), port);
      } catch {
        return []; // no IPv6
      }
    }).filter((address) => !isAllowed(peers, address) && !named.has(address));
    for (const address of strangers) named.add(address);
    return [...new Set(strangers)];
  };
}
