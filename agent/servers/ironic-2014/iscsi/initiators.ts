/** Who may log in and say `done`, and whether the boot server is there. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import type { Log } from '../../../../platform/log/log.ts';
import { run } from '../../../../platform/process/run.ts';
import type { DeployParameters } from '../parameters/deploy-parameters.ts';

/** Addresses of the API's host, the boot server and whoever was allowed besides; `['ALL']` where that was asked for. Throws RAZOR_MK_DEPLOY when there is none. */
export async function allowedPeers(parameters: DeployParameters, allowed: readonly string[]): Promise<string[]> {
  if (allowed.includes('ALL')) return ['ALL'];
  const peers = new Set<string>();
  for (const name of [hostOf(parameters.ironicApiUrl), parameters.bootServer, ...allowed]) {
    if (name === undefined || name === '') continue;
    if (isIP(name) > 0) peers.add(name);
    else for (const { address } of await lookup(name, { all: true }).catch(() => [])) peers.add(address);
  }
  if (peers.size > 0) return [...peers];
  throw new RazorMkError('RAZOR_MK_DEPLOY', 'no address is known that may log in', {
    remedy: 'Check ironic_api_url=, or name the conductor with --allow-initiator.',
  });
}

/** Whether a peer's address is among them. */
export function isAllowed(peers: readonly string[], address: string): boolean {
  return peers.includes('ALL') || peers.includes(address);
}

function hostOf(url: string): string | undefined {
  try {
    return new URL(url).hostname.replaceAll(/^\[|\]$/g, '');
  } catch {
    return undefined;
  }
}

/** Asks whether the boot server answers, as the original did: switches may need a while. Its silence is only noted. */
export async function greet(server: string | undefined, log: Log): Promise<void> {
  if (server === undefined || isIP(server) === 0) return;
  for (let round = 0; round < 3; round++) {
    const { failure, status } = await run(['ping', '-c', '2', '-W', '2', server], { timeoutMs: 10_000 });
    if (failure === 'not-found') return;
    if (status === 0) return log.info(`the boot server ${server} answers`);
  }
  log.warn(`the boot server ${server} does not answer pings; going on without`);
}
