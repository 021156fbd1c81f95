/**
 * Who may give orders. Foreman's calls carry no password, so the address decides: that of the server which got our facts, and
 * what somebody wrote down besides.
 */
import { BlockList, isIP } from 'node:net';

export interface Peers {
  allows(remote: string | undefined): boolean;
  /** Those that are allowed, for log and events. */
  readonly entries: readonly string[];
  /** Entries that are neither an address nor a network. */
  readonly wrong: readonly string[];
}

/** `addresses` are the server's, `more` addresses and networks (`192.0.2.0/24`). */
export function createPeers(addresses: readonly string[], more: readonly string[]): Peers {
  const list = new BlockList();
  const entries: string[] = [];
  const wrong: string[] = [];
  for (const entry of [...new Set([...addresses, ...more])]) {
    const [address = '', bits] = entry.trim().split('/');
    const kind = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const most = kind === 'ipv6' ? 128 : 32;
    const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (isIP(address) === 0 || length < 0 || length > most) wrong.push(entry);
    else {
      list.addSubnet(address, length, kind);
      entries.push(entry);
    }
  }
  return {
    entries,
    wrong,
    allows(remote) {
      if (remote === undefined) return false;
      // a socket that listens on both families shows IPv4 peers as mapped addresses
      const address = remote.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
      const family = isIP(address);
      return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
    },
  };
}
