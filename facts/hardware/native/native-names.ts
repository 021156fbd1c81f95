/** The words that lshw uses for values of SMBIOS (DMTF DSP0134), where they differ from dmidecode's. */
import { type MemoryDevice } from '../../smbios/smbios.ts';

/** Type 0, offset 0Ah: bit and capability. */
export const FIRMWARE_CAPABILITIES: readonly (readonly [bit: number, name: string])[] = [
  [4, 'isa'],
  [5, 'mca'],
  [6, 'eisa'],
  [7, 'pci'],
  [8, 'pcmcia'],
  [9, 'pnp'],
  [10, 'apm'],
  [11, 'upgrade'],
  [12, 'shadowing'],
  [13, 'vesa'],
  [14, 'escd'],
  [15, 'cdboot'],
  [16, 'bootselect'],
  [17, 'socketedrom'],
  [18, 'pcmciaboot'],
  [19, 'edd'],
  [20, 'int13floppynec'],
  [21, 'int13floppytoshiba'],
  [22, 'int13floppy360'],
  [23, 'int13floppy1200'],
  [24, 'int13floppy720'],
  [25, 'int13floppy2880'],
  [26, 'int5printscreen'],
  [27, 'int9keyboard'],
  [28, 'int14serial'],
  [29, 'int17printer'],
  [30, 'int10video'],
  [31, 'pc98'],
];

/** Type 0, extension bytes: byte, bit, capability. */
export const FIRMWARE_EXTENSIONS: readonly (readonly [byte: 0 | 1, bit: number, name: string])[] = [
  [0, 0, 'acpi'],
  [0, 1, 'usb'],
  [0, 2, 'agp'],
  [0, 3, 'i2oboot'],
  [0, 4, 'ls120boot'],
  [0, 5, 'zipboot'],
  [0, 6, 'ieee1394boot'],
  [0, 7, 'smartbattery'],
  [1, 0, 'biosbootspecification'],
  [1, 1, 'netboot'],
  [1, 3, 'uefi'],
  [1, 4, 'virtualmachine'],
];

const DETAIL_WORDS: Readonly<Record<string, string>> = {
  'Static Column': 'Static column',
  RAMBus: 'RAMBUS',
  'Non-Volatile': 'Non-volatile',
};

/** `DIMM DDR4 Synchronous Registered (Buffered) 2933 MHz (0.3 ns)` */
export function memoryDeviceWords(device: MemoryDevice): string {
  const words: string[] = [];
  const form = device.formFactor ?? '';
  // the list of lshw ends at FB-DIMM, and at LPDDR4
  if (!/^(Other|Unknown|Die|CAMM|<.*)?$/.test(form)) words.push(form === 'Row Of Chips' ? 'Row of chips' : form);
  const type = device.memoryType ?? '';
  if (!/^(Other|Unknown|Reserved|Logical.*|HBM.*|DDR5|LPDDR5|<.*)?$/.test(type)) {
    words.push(type === 'Flash' ? 'FLASH' : type);
  }
  for (const detail of device.typeDetail) {
    if (detail !== 'Other' && detail !== 'Unknown') words.push(DETAIL_WORDS[detail] ?? detail);
  }
  if (device.speed !== undefined) words.push(`${device.speed} MHz (${(1000 / device.speed).toFixed(1)} ns)`);
  return words.join(' ');
}

/** Processor families (DSP0134, table 23) of which the kernel can fail to give a name: the others print as nothing. */
const FAMILIES: Readonly<Record<number, string>> = {
  0x0b: 'Pentium',
  0x0c: 'Pentium Pro',
  0x0d: 'Pentium II',
  0x0f: 'Celeron',
  0x10: 'Pentium II Xeon',
  0x11: 'Pentium III',
  0x28: 'Core Duo',
  0x2b: 'Atom',
  0x38: 'Turion II Ultra Dual-Core Mobile M',
  0x3b: 'Opteron 6100',
  0x3c: 'Opteron 4100',
  0x3d: 'Opteron 6200',
  0x3e: 'Opteron 4200',
  0x3f: 'FX',
  0x4c: 'Opteron 4300',
  0x4d: 'Opteron 6300',
  0x4e: 'Opteron 3300',
  0xb0: 'Pentium III Xeon',
  0xb2: 'Pentium 4',
  0xb3: 'Xeon',
  0xb5: 'Xeon MP',
  0xb8: 'Itanium 2',
  0xbf: 'Core 2 Duo',
  0xc6: 'Core i7',
  0xcd: 'Core i5',
  0xce: 'Core i3',
  0xd6: 'Multi-Core Xeon',
  0xd7: 'Dual-Core Xeon 3xxx',
  0xd8: 'Quad-Core Xeon 3xxx',
  0xda: 'Dual-Core Xeon 5xxx',
  0xdb: 'Quad-Core Xeon 5xxx',
  0xdd: 'Dual-Core Xeon 7xxx',
  0xde: 'Quad-Core Xeon 7xxx',
  0xdf: 'Multi-Core Xeon 7xxx',
  0xe0: 'Multi-Core Xeon 3400',
  0xe4: 'Opteron 3000',
  0xe6: 'Embedded Opteron Quad-Core',
  0xec: 'Phenom II',
  0xee: 'Six-Core Opteron',
  0x101: 'ARMv8',
};

/** Only seen for processors that /proc/cpuinfo does not show: switched off, or left out by maxcpus=1. */
export function processorFamily(code: number | undefined): string {
  return FAMILIES[code ?? 0] ?? '';
}
