/** Commands that only tell: the logs, and the inventory. */
import { collectLogs } from '../inspection/ironic-logs.ts';
import { ipaInventory } from '../inspection/ipa-inventory.ts';
import type { IronicCommand } from '../ironic-options.ts';

export const collectSystemLogs: IronicCommand = {
  name: 'log.collect_system_logs',
  async: false,
  run: async (_, { logDir, collect, capture, clock }) => {
    const archive = await collectLogs({ logDir, collect, capture, wall: clock.wall() });
    return { system_logs: archive.toString('base64') };
  },
};

export const hardwareInfo: IronicCommand = {
  name: 'poll.get_hardware_info',
  async: false,
  run: async (_, { collect, kernel }) => ipaInventory(await collect(), kernel.value('BOOTIF')),
};
