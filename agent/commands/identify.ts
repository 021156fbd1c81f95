/** Makes the machine findable in its rack: the chassis LED through the BMC, or else the LED of a NIC. */
import * as z from 'zod/mini';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { candidateNics } from '../network/assess.ts';
import { isNicName } from '../kernel-line/ip-fields.ts';
import { observeNetwork, type NetworkState } from '../network/network-state.ts';
import { hasBmcDevice } from '../node/bmc.ts';
import type { CommandHandler } from './command-handler.ts';

const Param = z.object({ seconds: z.optional(z.int().check(z.gte(0), z.lte(255))) });
const DEFAULT_SECONDS = 60;

function secondsOf(param: unknown): number {
  if (param === null || param === undefined) return DEFAULT_SECONDS;
  const parsed = Param.safeParse(param);
  if (!parsed.success)
    throw new RazorMkError('RAZOR_MK_COMMAND', 'identify: seconds must be a whole number from 0 to 255');
  return parsed.data.seconds ?? DEFAULT_SECONDS;
}

/** `observe` and `bmc` are handed in by tests. */
export function createIdentify(
  observe: () => NetworkState = observeNetwork,
  bmc: () => boolean = hasBmcDevice,
): CommandHandler {
  return {
    name: 'identify',
    describe: 'Light the chassis LED, or blink the LED of a NIC.',
    destructive: false,
    plan: (param) => [`light the chassis LED (ipmitool), or blink a NIC (ethtool), for ${secondsOf(param)} s`],
    async run({ system, log }, { param }) {
      const seconds = secondsOf(param);
      if (bmc()) {
        const result = await system.run(`light the chassis LED for ${seconds} s`, [
          'ipmitool',
          'chassis',
          'identify',
          String(seconds),
        ]);
        if (result.status === 0) return { summary: `the chassis LED is lit for ${seconds} s` };
        log.warn(`ipmitool: ${result.failure ?? result.stderr.toString().trim().slice(0, 200)}`);
      }
      const nics = candidateNics(observe()).filter((nic) => isNicName(nic.name));
      const nic = nics.find(({ carrier }) => carrier) ?? nics[0];
      if (nic === undefined)
        throw new RazorMkError('RAZOR_MK_COMMAND', 'identify: no BMC answers, and there is no NIC');
      if (seconds === 0) return { summary: 'nothing blinks any more' };
      // ethtool blinks until its time is over: turns go on meanwhile
      const blink = system.run(`blink ${nic.name} for ${seconds} s`, ['ethtool', '-p', nic.name, String(seconds)], {
        timeoutMs: (seconds + 10) * 1000,
      });
      void blink.then((result) => {
        if (result.status !== 0)
          log.warn(`ethtool: ${result.failure ?? result.stderr.toString().trim().slice(0, 200)}`);
      });
      return { summary: `${nic.name} blinks for ${seconds} s` };
    },
  };
}
