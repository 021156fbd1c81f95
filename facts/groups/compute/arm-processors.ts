/**
 * Names of ARM's processors, of which /proc/cpuinfo has numbers alone: implementer and part of the Main ID Register (MIDR_EL1).
 * The numbers are those of the processors' Technical Reference Manuals, the words those of lscpu (util-linux 2.38); what can run
 * Linux on a server or a board.
 */
interface Maker {
  readonly name: string;
  /** By part number, without 0x. */
  readonly parts: Readonly<Record<string, string>>;
}

const MAKERS = new Map<string, Maker>(
  Object.entries<Maker>({
    '0x41': {
      name: 'ARM',
      parts: {
        c05: 'Cortex-A5',
        c07: 'Cortex-A7',
        c08: 'Cortex-A8',
        c09: 'Cortex-A9',
        c0d: 'Cortex-A17',
        c0e: 'Cortex-A17',
        c0f: 'Cortex-A15',
        d01: 'Cortex-A32',
        d02: 'Cortex-A34',
        d03: 'Cortex-A53',
        d04: 'Cortex-A35',
        d05: 'Cortex-A55',
        d06: 'Cortex-A65',
        d07: 'Cortex-A57',
        d08: 'Cortex-A72',
        d09: 'Cortex-A73',
        d0a: 'Cortex-A75',
        d0b: 'Cortex-A76',
        d0c: 'Neoverse-N1',
        d0d: 'Cortex-A77',
        d0e: 'Cortex-A76AE',
        d40: 'Neoverse-V1',
        d41: 'Cortex-A78',
        d42: 'Cortex-A78AE',
        d43: 'Cortex-A65AE',
        d44: 'Cortex-X1',
        d46: 'Cortex-A510',
        d47: 'Cortex-A710',
        d48: 'Cortex-X2',
        d49: 'Neoverse-N2',
        d4a: 'Neoverse-E1',
        d4b: 'Cortex-A78C',
        d4c: 'Cortex-X1C',
        d4d: 'Cortex-A715',
        d4e: 'Cortex-X3',
        d4f: 'Neoverse-V2',
        d80: 'Cortex-A520',
        d81: 'Cortex-A720',
        d82: 'Cortex-X4',
        d84: 'Neoverse-V3',
        d8e: 'Neoverse-N3',
      },
    },
    '0x42': { name: 'Broadcom', parts: { '516': 'ThunderX2' } },
    '0x43': {
      name: 'Cavium',
      parts: {
        '0a0': 'ThunderX',
        '0a1': 'ThunderX-88XX',
        '0a2': 'ThunderX-81XX',
        '0a3': 'ThunderX-83XX',
        '0af': 'ThunderX2-99xx',
      },
    },
    '0x46': { name: 'FUJITSU', parts: { '001': 'A64FX' } },
    '0x48': { name: 'HiSilicon', parts: { d01: 'Kunpeng-920' } },
    '0x4e': { name: 'NVIDIA', parts: { '003': 'Denver 2', '004': 'Carmel' } },
    '0x50': { name: 'APM', parts: {} },
    '0x51': { name: 'Qualcomm', parts: { c00: 'Falkor', c01: 'Saphira' } },
    '0x61': { name: 'Apple', parts: {} },
    '0x70': { name: 'Phytium', parts: { '660': 'FTC660', '661': 'FTC661', '662': 'FTC662', '663': 'FTC663' } },
    '0xc0': { name: 'Ampere', parts: {} },
  }),
);

/** The maker behind `CPU implementer` of /proc/cpuinfo; the code itself for others; undefined without one. */
export function armImplementer(code: string | undefined): string | undefined {
  return code === undefined ? undefined : (MAKERS.get(code.toLowerCase())?.name ?? code);
}

/** The processor behind `CPU implementer` and `CPU part`; undefined for one that the table lacks. */
export function armProcessor(implementer: string | undefined, part: string | undefined): string | undefined {
  const digits = /^0x([0-9a-f]{1,3})$/i.exec(part ?? '')?.[1];
  if (digits === undefined) return undefined;
  return MAKERS.get((implementer ?? '').toLowerCase())?.parts[digits.toLowerCase().padStart(3, '0')];
}
