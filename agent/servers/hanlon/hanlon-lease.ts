/**
 * What a DHCP lease said of a Hanlon server: three files that the DHCP client's script leaves
 * (docs/contracts/hanlon.md#finding-the-server). The address is that of the option hanlon_server, or next-server where
 * only that came.
 */
import { dirname, join } from 'node:path';
import { readCapped } from '../../../platform/files.ts';
import { HANLON_LEASE_FILE } from './hanlon-descriptor.ts';
import type { ServerAddress } from '../../discovery/address.ts';
import { parseNextServer } from '../../discovery/next-server.ts';

const PORT_FILE = 'hanlonServerPort.addr';
const BASE_URI_FILE = 'hanlonServerBaseUri.addr';

interface HanlonLease {
  readonly address: ServerAddress | undefined;
  /** In words, for the trace. */
  readonly note: string;
}

/** Reads the files beside the next-server file. Never throws: what cannot be read is not there. */
export async function readHanlonLease(nextServerFile: string): Promise<HanlonLease> {
  const directory = dirname(nextServerFile);
  const read = (name: string): Promise<Buffer | undefined> =>
    readCapped(join(directory, name), 8192).catch(() => undefined);
  const server = await read(HANLON_LEASE_FILE);
  if (server === undefined) return { address: undefined, note: `${join(directory, HANLON_LEASE_FILE)} does not exist` };
  const address = parseNextServer(server);
  if ('wrong' in address) return { address: undefined, note: `${HANLON_LEASE_FILE} ${address.wrong}` };
  const notes = [`${HANLON_LEASE_FILE} holds ${address.host}`];
  const portText = (await read(PORT_FILE))?.toString('latin1').trim() ?? '';
  const port =
    /^\d{1,5}$/.test(portText) && Number(portText) > 0 && Number(portText) < 65_536 ? Number(portText) : undefined;
  if (port !== undefined) notes.push(`port ${port}`);
  else if (portText !== '') notes.push(`${PORT_FILE} holds an invalid port`);
  const base = (await read(BASE_URI_FILE))?.toString('latin1').trim() ?? '';
  const path = /^\/[\w./-]{1,200}$/.test(base) ? base.replace(/\/+$/, '') : '';
  if (path !== '') notes.push(`base ${path}`);
  else if (base !== '') notes.push(`${BASE_URI_FILE} holds an invalid path`);
  return { address: { ...address, port: address.port ?? port, path }, note: notes.join(', ') };
}
