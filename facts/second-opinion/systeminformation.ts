/** What the systeminformation library says. Loaded only here: it costs 15 ms to load and starts some 80 processes. */
import { messageOf } from '../../platform/errors/errors.ts';
import type { Sources } from '../sources/sources.ts';
import type { Opinion, Witness } from './second-opinion.ts';

const NAME = 'systeminformation';

/** Only of the running machine. Without its programs it gives empty texts, which are no opinion. Never throws. */
export async function askSysteminformation(sources: Sources): Promise<Witness> {
  if (sources.kind !== 'live') return { name: NAME, opinions: [], missing: 'asks the running machine only' };
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
    const opinions: Opinion[] = [];
    const say = (fact: string, theirs: string | number | undefined): void => {
      if (theirs !== undefined && theirs !== '' && theirs !== '-') opinions.push({ fact, theirs: String(theirs) });
    };
    say('manufacturer', system.manufacturer);
    say('productname', system.model);
    say('serialnumber', system.serial);
    say('bios_vendor', bios.vendor);
    say('bios_version', bios.version);
    say('boardmanufacturer', board.manufacturer);
    say('boardproductname', board.model);
    say('processorcount', cpu.cores);
    say('physicalprocessorcount', cpu.processors);
    say('memorysize_mb', (memory.total / 1_048_576).toFixed(2));
    say('is_virtual', String(system.virtual));
    for (const disk of disks) {
      const device = disk.device.replace(/^\/dev\//, '').replaceAll(/\W/g, '');
      if (device !== '') say(`blockdevice_${device}_size`, disk.size);
    }
    for (const nic of Array.isArray(nics) ? nics : [nics]) {
      const name = nic.iface.replaceAll(/\W/g, '_');
      if (nic.iface !== 'lo') say(`macaddress_${name}`, nic.mac);
      say(`ipaddress_${name}`, nic.ip4);
      say(`netmask_${name}`, nic.ip4subnet);
    }
    return { name: NAME, opinions };
  } catch (error) {
    return { name: NAME, opinions: [], missing: `failed: ${messageOf(error)}` };
  }
}
