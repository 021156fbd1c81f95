/** The address that the disk is exported on: that of `ip=`, else of the NIC that BOOTIF names, else the machine's first. */
import type { Clock } from '../../../../platform/time/clock.ts';
import { RazorMkError } from '../../../../platform/errors/errors.ts';
import { isUsableAddress } from '../../../network/assess.ts';
import type { NetworkState } from '../../../network/network-state.ts';
import type { DeployParameters } from '../parameters/deploy-parameters.ts';

interface FindAddress {
  readonly parameters: Pick<DeployParameters, 'ip' | 'bootMac'>;
  readonly observe: () => NetworkState;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** The original looked three times, five seconds apart. */
const LOOKS = 3;
const BETWEEN_MS = 5000;

/** Throws RAZOR_MK_DEPLOY when no NIC has that MAC, or no usable address is there. An `ip=` on another NIC than BOOTIF's is used all the same: it was set where there was one. */
export async function findAddress({ parameters, observe, clock, signal }: FindAddress): Promise<string> {
  if (parameters.ip) return parameters.ip.address;
  const mac = parameters.bootMac;
  for (let look = 1; ; look++) {
    const { nics } = observe();
    const named = nics.filter((nic) => mac === undefined || nic.mac === mac);
    const addresses = named.flatMap((nic) => nic.addresses).filter(isUsableAddress);
    const found = addresses.find((address) => !address.includes(':')) ?? addresses[0];
    if (found !== undefined) return found;
    if (look >= LOOKS) {
      if (mac !== undefined && named.length === 0) {
        throw new RazorMkError('RAZOR_MK_DEPLOY', `Could not find an interface that owns MAC: ${mac}`);
      }
      const which = mac === undefined ? 'this machine' : `the interface with MAC ${mac}`;
      throw new RazorMkError('RAZOR_MK_DEPLOY', `${which} has no address`, { remedy: 'Give one with --address.' });
    }
    await clock.sleep(BETWEEN_MS, signal);
  }
}
