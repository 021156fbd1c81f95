/** The list of default drivers (drivers.lst): class, module, reason. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Arch } from '../../../packaging/project-paths.ts';

type DriverClass = 'nic' | 'storage' | 'bus' | 'fs' | 'node';

export interface Driver {
  readonly group: DriverClass;
  /** The only processor whose machines have it; undefined for those that any may have. */
  readonly arch: Arch | undefined;
  readonly module: string;
  readonly reason: string;
}

/** Reads a driver list: one a line, `#` begins a comment line. */
function parseDrivers(text: string): Driver[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [kind = '', module = '', ...reason] = line.trim().split(/\s+/);
      const [group = '', arch] = kind.split(':');
      return { group: group as DriverClass, arch: arch as Arch | undefined, module, reason: reason.join(' ') };
    });
}

/** The drivers of drivers.lst for a processor: what an image should have for the machines of this decade. */
export function defaultDrivers(arch: Arch): Driver[] {
  const all = parseDrivers(readFileSync(join(import.meta.dirname, 'drivers.lst'), 'utf8'));
  return all.filter((driver) => driver.arch === undefined || driver.arch === arch);
}

/** The NIC and storage drivers of the list that are not among `names` (dashes and underscores count as the same). */
export function missingDrivers(names: ReadonlySet<string>, arch: Arch): Driver[] {
  return defaultDrivers(arch).filter(
    (driver) =>
      (driver.group === 'nic' || driver.group === 'storage') && !names.has(driver.module.replaceAll('-', '_')),
  );
}
