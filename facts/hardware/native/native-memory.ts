/** The size of system memory as lshw settles it: the slots' sum, else what can be switched on, else what Linux has. */
import { readMeminfo } from '../../groups/compute/memory.ts';
import type { Sources } from '../../sources/sources.ts';
import { addChild, claimAll, type HardwareNode, newNode } from '../lshw-node.ts';

/** Adds the node of system memory, or completes the one of SMBIOS, with a size in bytes. */
export function addMemory(core: HardwareNode, sources: Sources): void {
  let memory = core.children.find((child) => child.id === 'memory');
  if (memory !== undefined) {
    claimAll(memory);
    memory.size = memory.children.reduce(
      (sum, { hardwareClass, size }) => sum + (hardwareClass === 'memory' ? size : 0),
      0,
    );
  }
  for (const child of core.children) if (child.hardwareClass === 'memory' && child.claimed) claimAll(child);
  memory ??= addChild(core, newNode('memory', 'memory'));
  memory.claimed = true;
  if (memory.description === '') memory.description = 'System memory';
  const usable = memoryTotal(sources);
  if (memory.size > usable) return;
  memory.size = Math.max(hotplugSize(sources, usable), usable);
}

/** Bytes that Linux manages; 0 where it does not say. */
export function memoryTotal(sources: Sources): number {
  return (readMeminfo(sources).values.get('MemTotal') ?? 0) * 1024;
}

/**
 * The memory blocks that are online (Documentation/admin-guide/mm/memory-hotplug.rst). They are asked one by one only
 * where Linux has so much less than all of them that some may be off.
 */
function hotplugSize(sources: Sources, usable: number): number {
  const base = '/sys/devices/system/memory';
  const blockSize = Number.parseInt(sources.line(`${base}/block_size_bytes`) ?? '', 16);
  if (!Number.isFinite(blockSize)) return 0;
  const blocks = sources.list(base).filter((entry) => /^memory\d+$/.test(entry));
  if (usable > 0.85 * blocks.length * blockSize) return blocks.length * blockSize;
  return blocks.slice(0, 65_536).filter((name) => sources.line(`${base}/${name}/online`) === '1').length * blockSize;
}
