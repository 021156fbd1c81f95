/**
 * The name servers of the kernel line (`nameserver=`, the fields of `ip=`) and of IPv6. /etc/resolv.conf has one writer, the
 * script of the DHCP clients: it merges what every lease said with what is put here, so that no lease takes them away. Where that
 * script is not installed there is nobody else, and the file is written here.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../../platform/errors/errors.ts';
import { replaceFile } from '../../platform/files.ts';
import type { Log } from '../../platform/log/log.ts';
import type { System } from '../../platform/system.ts';
import { LEASES } from './dhcp.ts';
import type { IpArguments } from '../kernel-line/ip-argument.ts';

export interface ResolvConfContext {
  readonly system: System;
  readonly log: Log;
  /** `/` by default. */
  readonly root?: string;
}

const SCRIPT = 'usr/share/udhcpc/dhcp_mk_config.script';
/** The C library reads three (resolv.conf(5)). */
const MOST = 3;

/** Name servers of one origin, beside those of the leases. */
interface NamedServers {
  /** What stands for the origin among the cards of the leases: `kernel-line`, `eth0+ra`. */
  readonly origin: string;
  /** Where they come: -1 is in front of the booted card's, which is 0; leases count from 1. */
  readonly order: number;
  readonly servers: readonly string[];
  readonly search: readonly string[];
}

/** Makes those of the kernel line known to whoever resolves names. Does nothing where it names none. Never throws. */
export async function announceNameservers(
  wanted: Pick<IpArguments, 'nameservers' | 'statics'>,
  context: ResolvConfContext,
): Promise<void> {
  const servers = [...new Set([...wanted.statics.flatMap(({ nameservers }) => nameservers), ...wanted.nameservers])];
  if (servers.length > 0) await nameServers({ origin: 'kernel-line', order: -1, servers, search: [] }, context);
}

/** Makes the servers of an origin known, in place of those that it named before. Never throws: what fails is logged. */
export async function nameServers(
  { origin, order, servers, search }: NamedServers,
  { system, log, root = '/' }: ResolvConfContext,
): Promise<void> {
  try {
    const script = join(root, SCRIPT);
    const named = `name the DNS servers ${servers.join(', ') || 'of others'}`;
    if (!existsSync(script)) {
      const path = join(root, 'etc/resolv.conf');
      const lines = servers.slice(0, MOST).map((server) => `nameserver ${server}\n`);
      if (search.length > 0) lines.unshift(`search ${search.join(' ')}\n`);
      system.write(`${named} in ${path}`, path, lines.join(''));
      return;
    }
    await system.change(`${named} to ${script}`, () => {
      const directory = join(root, LEASES, origin);
      mkdirSync(directory, { recursive: true });
      replaceFile(join(directory, 'dns'), `${servers.join(' ')}\n`);
      replaceFile(join(directory, 'search'), `${search.join(' ')}\n`);
      replaceFile(join(directory, 'order'), `${order}\n`);
    });
    const result = await system.run('write /etc/resolv.conf', [script, 'merge'], { timeoutMs: 30_000 });
    if (result.status !== 0) {
      const why = result.failure ?? (result.stderr.toString().trim().slice(0, 200) || `status ${result.status}`);
      log.warn(`${script} merge failed: ${why}`);
    }
  } catch (error) {
    log.warn(messageOf(error));
  }
}
