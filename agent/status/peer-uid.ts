/**
 * Which user is at the other end of a connection on loopback, by the kernel's table of sockets (kernel's
 * Documentation/networking/proc_net_tcp.rst). Loopback is not root: any program of the machine can connect.
 */
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';

interface Connection {
  /** The port of the one who is asked about, and ours. Both are on 127.0.0.1. */
  readonly peerPort: number;
  readonly ownPort: number;
}

const ESTABLISHED = '01';
/** A client with an IPv6 socket is in the second table, with a mapped address. */
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

/** The uid of the peer's socket; undefined where the kernel does not say. */
export function peerUid(connection: Connection): number | undefined {
  for (const path of TABLES) {
    try {
      const uid = findPeerUid(readFileSync(path, 'latin1'), connection);
      if (uid !== undefined) return uid;
    } catch {
      // no such table: no IPv6, or no /proc
    }
  }
  return undefined;
}

/**
 * The same from the text of a table. Only an established socket that belongs to a process counts: a closed one is still listed
 * for a while, with inode 0 and uid 0 (sock_i_uid of net/core/sock.c), and would make anybody root. Pure.
 */
export function findPeerUid(table: string, { peerPort, ownPort }: Connection): number | undefined {
  const loopback = endianness() === 'LE' ? '0100007F' : '7F000001';
  const peer = endOf(loopback, peerPort);
  const own = endOf(loopback, ownPort);
  for (const line of table.split('\n')) {
    const [, local = '', remote = '', state, , , , uid = '', , inode = '0'] = line.trim().split(/\s+/);
    if (!local.endsWith(peer) || !remote.endsWith(own) || state !== ESTABLISHED || inode === '0') continue;
    if (/^\d{1,10}$/.test(uid)) return Number(uid);
  }
  return undefined;
}

/** The end of an address in the tables: both forms of 127.0.0.1 end alike. */
function endOf(loopback: string, port: number): string {
  return `${loopback}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
}
