/** Erases disks whole: `erase_devices` by the best means of each, `erase_devices_express` only where that is quick. */
import { messageOf, RazorMkError } from '../../../../platform/errors/errors.ts';
import { findProgram } from '../../../../platform/process/find-program.ts';
import type { Disk } from '../../../disks/disks.ts';
import type { EraseTools } from '../../../disks/erase/attempt.ts';
import { eraseDisk, type EraseRules } from '../../../disks/erase/erase-disk.ts';
import type { CommandContext, IronicStep, Params } from '../ironic-options.ts';
import { driverInfo, eraseAll, truthOf } from './erase-all.ts';
import { eraseEnds } from './erase-ends.ts';

/** ironic-python-agent's, with which automated cleaning runs it unless the conductor has another one for it. */
const PRIORITY = 10;
const MOST_AT_ONCE = 16;
const MOST_PASSES = 100;

/** What the server says of erasing (ironic, deploy_utils.py: agent_add_clean_params). Throws RAZOR_MK_COMMAND for what cannot be read. */
export function eraseRules(info: Params): EraseRules {
  const older = truthOf(info, 'agent_continue_if_ata_erase_failed', false);
  return {
    nvme: truthOf(info, 'agent_enable_nvme_secure_erase', true),
    ata: truthOf(info, 'agent_enable_ata_secure_erase', true),
    goOn: truthOf(info, 'agent_continue_if_secure_erase_failed', older),
    passes: {
      random: countOf(info, 'agent_erase_devices_iterations', [0, MOST_PASSES]),
      zeros: truthOf(info, 'agent_erase_devices_zeroize', true),
    },
  };
}

function countOf(info: Params, key: string, [least, most]: readonly [number, number]): number {
  const count = info[key] ?? 1;
  if (Number.isInteger(count) && (count as number) >= least && (count as number) <= most) return count as number;
  throw new RazorMkError('RAZOR_MK_COMMAND', `${key} of the server is not a number from ${least} to ${most}`);
}

function atOnce(info: Params): number {
  return Math.min(MOST_AT_ONCE, countOf(info, 'disk_erasure_concurrency', [1, 1000]));
}

function toolsOf({ system, progress, clock, signal }: CommandContext): EraseTools {
  return {
    system,
    find: (name) => findProgram(name),
    root: '/',
    progress,
    sleep: (ms) => clock.sleep(ms, signal),
    signal,
  };
}

export const eraseDevices: IronicStep = {
  name: 'erase_devices',
  kinds: ['clean'],
  priority: ({ allowErase }) => (allowErase ? PRIORITY : 0),
  interface: 'deploy',
  abortable: true,
  async run(_call, context) {
    const info = driverInfo(context);
    const rules = eraseRules(info);
    return await eraseAll(context, {
      what: 'erase all of',
      atOnce: atOnce(info),
      erase: (disk, twins) => eraseDisk({ disk, twins, rules, tools: toolsOf(context) }),
    });
  },
};

export const eraseDevicesExpress: IronicStep = {
  name: 'erase_devices_express',
  kinds: ['clean'],
  priority: () => 0,
  interface: 'deploy',
  abortable: true,
  async run(_call, context) {
    const rules = eraseRules(driverInfo(context));
    return await eraseAll(context, {
      what: 'erase all of, or the metadata of,',
      atOnce: 1,
      erase: (disk, twins) => eraseQuickly(disk, twins, { rules, context }),
    });
  },
};

interface Quickly {
  readonly rules: EraseRules;
  readonly context: CommandContext;
}

/** NVMe by its own means, where it has some; everything else loses its metadata only. */
async function eraseQuickly(disk: Disk, twins: readonly Disk[], { rules, context }: Quickly): Promise<string> {
  let why = 'it is no NVMe disk';
  if (disk.name.startsWith('nvme')) {
    try {
      return await eraseDisk({ disk, twins, rules, tools: toolsOf(context), quick: true });
    } catch (error) {
      why = messageOf(error);
    }
  }
  return `metadata ${await eraseEnds(disk, twins)}; NOT the data: ${why}`;
}
