/** The address at which the conductor reaches this node: the source address of the way to the API. */
import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { messageOf, RazorMkError } from '../../../../platform/errors/errors.ts';
import type { Clock } from '../../../../platform/time/clock.ts';

/** ironic-python-agent's ipa-ip-lookup-attempts and -timeout. */
const ATTEMPTS = 6;
const PAUSE_MS = 10_000;

/** Looks until there is one. Throws RAZOR_MK_HTTP where there is no way to the API, or only from a link-local address. */
export async function advertisedAddress(
  apiUrl: string,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await sourceAddress(apiUrl);
    } catch (error) {
      signal.throwIfAborted();
      if (attempt >= ATTEMPTS) {
        throw new RazorMkError('RAZOR_MK_HTTP', `no address of this machine leads to ${apiUrl}: ${messageOf(error)}`, {
          cause: error,
          remedy: 'Give one with ipa-advertise-host=.',
        });
      }
      await clock.sleep(PAUSE_MS, signal);
    }
  }
}

/** Asks the kernel: a connected UDP socket has the source address of its route, and sends nothing. */
async function sourceAddress(apiUrl: string): Promise<string> {
  const { hostname, port, protocol } = new URL(apiUrl);
  const host = hostname.replaceAll(/^\[|\]$/g, '');
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      // a failure comes to this callback, which Node's types do not tell, and not as an event
      socket.connect(Number(port) || (protocol === 'https:' ? 443 : 80), host, (...failed: readonly unknown[]) =>
        failed[0] instanceof Error ? reject(failed[0]) : resolve(),
      );
    });
    const { address } = socket.address();
    if (!isLinkLocal(address)) return address;
    const other = addressesBeside(address).find((candidate) => !isLinkLocal(candidate));
    if (other !== undefined) return other;
    throw new Error(`${address} is link-local`);
  } finally {
    socket.close();
  }
}

function isLinkLocal(address: string): boolean {
  return /^169\.254\.|^fe[89ab]/i.test(address);
}

/** Where to listen so that an address is reached: there, or, where it is another machine's that passes on to this one, everywhere. */
export function listenAddress(address: string): string {
  const own = Object.values(networkInterfaces()).some((list) => list?.some((entry) => entry.address === address));
  return own ? address : isIP(address) === 6 ? '::' : '0.0.0.0';
}

/** Other addresses of the interface that has this one, of the same family. */
function addressesBeside(address: string): string[] {
  const bare = address.replace(/%.*$/, '');
  for (const list of Object.values(networkInterfaces())) {
    if (list?.some((entry) => entry.address === bare) !== true) continue;
    return list.filter((entry) => isIP(entry.address) === isIP(bare)).map((entry) => entry.address);
  }
  return [];
}
