/** system.lockdown: no network and no API from here on; what is left is the console. */
import { observeNetwork } from '../../../network/network-state.ts';
import { changed } from '../live.ts';
import type { IronicCommand } from '../ironic-options.ts';

/** The answer has to go out over the network that ends. */
const LATER_MS = 2000;
const MOST = 64;

export const lockdown: IronicCommand = {
  name: 'system.lockdown',
  async: false,
  async run(_, { system, clock, log, say, endService, signal }) {
    const nics = observeNetwork()
      .nics.filter((nic) => nic.physical && nic.up)
      .slice(0, MOST);
    const what = `take ${nics.map(({ name }) => name).join(', ') || 'no network card'} down`;
    if (!system.live) await changed(system, what, () => undefined);
    say(`Ironic: lockdown: ${what}, and take no more commands`);
    endService('lockdown');
    void clock
      .sleep(LATER_MS, signal)
      .then(async () => {
        for (const { name } of nics) {
          await system.run(`take ${name} down`, ['ip', 'link', 'set', 'dev', name, 'down'], { timeoutMs: 10_000 });
        }
      })
      .catch((error: unknown) => log.error(`lockdown: ${String(error)}`));
  },
};
