/** Memory slots and what is in them, from SMBIOS types 16 and 17. */
import { type MemoryDevice, specified, structuresOf } from '../../smbios/smbios.ts';
import { oncePer } from '../../sources/recording.ts';
import { readDmi } from '../system/dmi.ts';
import type { Group } from '../group.ts';

const TABLE = '/sys/firmware/dmi/tables/DMI';

export interface Dimm {
  readonly locator: string | undefined;
  readonly bank: string | undefined;
  /** Bytes; 0 for an empty slot, undefined where the firmware does not know. */
  readonly size: number | undefined;
  readonly type: string | undefined;
  readonly formFactor: string | undefined;
  /** MT/s, and what it is configured to. */
  readonly speed: number | undefined;
  readonly configuredSpeed: number | undefined;
  readonly manufacturer: string | undefined;
  readonly part: string | undefined;
  readonly serial: string | undefined;
  /** More bits are stored than are data. */
  readonly ecc: boolean | undefined;
}

export const readDimms = oncePer((sources): readonly Dimm[] => {
  const { structures } = readDmi(sources);
  // a flash chip of the firmware is a memory array too (use: Flash Memory)
  const arrays = new Map(structuresOf(structures, 'memoryArray').map((one) => [one.handle, one.use]));
  return structuresOf(structures, 'memoryDevice')
    .filter((one) => {
      const use = one.arrayHandle === undefined ? undefined : arrays.get(one.arrayHandle);
      return use === undefined || use === 'System Memory';
    })
    .map(toDimm);
});

function toDimm(one: MemoryDevice): Dimm {
  return {
    locator: specified(one.locator),
    bank: specified(one.bankLocator),
    size: one.size,
    type: one.memoryType,
    formFactor: one.formFactor,
    speed: one.speed,
    configuredSpeed: one.configuredSpeed,
    manufacturer: specified(one.manufacturer),
    part: specified(one.partNumber)?.trim(),
    serial: specified(one.serialNumber),
    ecc: one.totalWidth === undefined || one.dataWidth === undefined ? undefined : one.totalWidth > one.dataWidth,
  };
}

export const dimmGroup: Group = {
  name: 'dimms',
  collect({ sources, add }) {
    const dimms = readDimms(sources);
    if (dimms.length === 0) return;
    const filled = dimms.filter((dimm) => dimm.size === undefined || dimm.size > 0);
    add('mk_dimm_slots', dimms.length, TABLE);
    add('mk_dimm_count', filled.length, TABLE);
    const [array] = structuresOf(readDmi(sources).structures, 'memoryArray').filter(
      (one) => one.use === 'System Memory',
    );
    add('mk_dimm_error_correction', array?.errorCorrection, TABLE);
    for (const [i, dimm] of dimms.slice(0, 256).entries()) {
      if (dimm.size === 0) continue;
      const name = `mk_dimm${i}`;
      add(`${name}_locator`, dimm.locator, TABLE);
      add(`${name}_size_mb`, dimm.size === undefined ? undefined : Math.round(dimm.size / 1_048_576), TABLE);
      add(`${name}_type`, dimm.type, TABLE);
      add(`${name}_speed`, dimm.configuredSpeed ?? dimm.speed, TABLE);
      add(`${name}_part`, dimm.part, TABLE);
      add(`${name}_ecc`, dimm.ecc, TABLE);
    }
  },
};
