/** The list of default drivers (drivers.lst): class, module, reason. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type DriverClass = 'nic' | 'storage' | 'bus' | 'fs' | 'node';

export interface Driver {
  readonly group: DriverClass;
  readonly module: string;
  readonly reason: string;
}

/** Reads a driver list: one a line, `#` begins a comment line. */
function parseDrivers(text: string): Driver[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [group = '', module = '', ...reason] = line.trim().split(/\s+/);
      return { group: group as DriverClass, module, reason: reason.join(' ') };
    });
}

/** The drivers of drivers.lst: what an image should have for the machines of this decade. */
export function defaultDrivers(): Driver[] {
  return parseDrivers(readFileSync(join(import.meta.dirname, 'drivers.lst'), 'utf8'));
}

/** The NIC and storage drivers of the list that are not among `names` (dashes and underscores count as the same). */
export function missingDrivers(names: ReadonlySet<string>, drivers = defaultDrivers()): Driver[] {
  return drivers.filter(
    (driver) =>
      (driver.group === 'nic' || driver.group === 'storage') && !names.has(driver.module.replaceAll('-', '_')),
  );
}
