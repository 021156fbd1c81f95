/** What the systeminformation library says. Loaded only here: it costs 15 ms to load and starts some 80 processes. */
import { messageOf } from '../../platform/errors/errors.ts';
import type { Sources } from '../sources/sources.ts';
import type { OtherValue, ProgramReport } from './second-opinion-types.ts';

const NAME = 'systeminformation';

/** Only of the running machine. Without its programs it gives empty texts, which say nothing. Never throws. */
export async function askSysteminformation(sources: Sources): Promise<ProgramReport> {
  if (sources.kind !== 'live') return { name: NAME, values: [], missing: 'asks the running machine only' };
  try {
    const { default: si } = await import('systeminformation');
    const [system, bios, board, cpu, memory, disks, nics] = await Promise.all([
      si.system(),
      si.bios(),
      si.baseboard(),
      si.cpu(),
      si.mem(),
      si.diskLayout(),
      si.networkInterfaces(),
    ]);
    const values: OtherValue[] = [];
    const add = (fact: string, theirs: string | number | undefined): void => {
      if (theirs !== undefined && theirs !== '' && theirs !== '-') values.push({ fact, theirs: String(theirs) });
    };
    add('manufacturer', system.manufacturer);
    add('productname', system.model);
    add('serialnumber', system.serial);
    add('bios_vendor', bios.vendor);
    add('bios_version', bios.version);
    add('boardmanufacturer', board.manufacturer);
    add('boardproductname', board.model);
    add('processorcount', cpu.cores);
    add('physicalprocessorcount', cpu.processors);
    add('memorysize_mb', (memory.total / 1_048_576).toFixed(2));
    add('is_virtual', String(system.virtual));
    for (const disk of disks) {
      const device = disk.device.replace(/^\/dev\//, '').replaceAll(/\W/g, '');
      if (device !== '') add(`blockdevice_${device}_size`, disk.size);
    }
    for (const nic of Array.isArray(nics) ? nics : [nics]) {
      const name = nic.iface.replaceAll(/\W/g, '_');
      if (nic.iface !== 'lo') add(`macaddress_${name}`, nic.mac);
      add(`ipaddress_${name}`, nic.ip4);
      add(`netmask_${name}`, nic.ip4subnet);
    }
    return { name: NAME, values };
  } catch (error) {
    return { name: NAME, values: [], missing: `failed: ${messageOf(error)}` };
  }
}
