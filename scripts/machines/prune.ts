/** Leaves out of a recording what no fact is made of, so that the committed archives stay small. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = new Set([
  ...['sys/devices/LNXSYSTM:00', 'sys/devices/platform', 'sys/devices/pnp0', 'sys/class/bsg', 'sys/class/mem'],
  ...['sys/class/misc', 'sys/class/tty', 'sys/class/vc', 'sys/class/vtconsole', 'sys/class/wakeup'],
]);
const NAMES = new RegExp(
  `^(${[
    ...['ari_enabled', 'ata_.*', 'bm.*', 'broken_parity_status', 'bsg', 'can_queue', 'coherency_line_size'],
    ...['consistent_dma_mask_bits', 'cpu_list', 'cpuidle', 'crash_notes.*', 'd3cold_allowed', 'dma_mask_bits'],
    ...['driver_override', 'enable', 'ep_.*', 'evt_.*', 'hold_time', 'hotplug', 'inflight', 'integrity', 'io.*_cnt'],
    ...['iosched', 'limit.*', 'local_cpu.*', 'microcode', 'mq', 'msi_bus', 'nr_.*', 'number_of_sets'],
    ...['physical_line_partition', 'power_state', 'queue_.*', 'queues', 'quirks', 'stat', 'statistics'],
    ...['thermal_throttle', 'trigger', 'tx_.*', 'unique_id', 'use_blk_mq', 'vulnerabilities', 'wakeup.*'],
    ...['ways_of_associativity', 'xps_.*'],
  ].join('|')})$`,
);

/** Removes files and folders below `root`. Links are left alone. */
export function pruneTree(root: string, path = 'sys'): void {
  for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
    const inner = `${path}/${entry.name}`;
    if (!entry.isSymbolicLink() && (FOLDERS.has(inner) || NAMES.test(entry.name))) {
      rmSync(join(root, inner), { recursive: true, force: true });
    } else if (entry.isDirectory()) pruneTree(root, inner);
  }
}
