/** SMBIOS types 9, 11, 38, 41, 42 and 43: slots, OEM strings, BMC interfaces, onboard devices, TPM. */
import { type Fields, nameFrom1, pciAddress } from './fields.ts';
import { IPMI_INTERFACES, ONBOARD_TYPES, SLOT_LENGTHS, SLOT_USAGES } from './names.ts';
import { type RawStructure } from './structure.ts';

/** Type 9. */
export interface SystemSlot {
  readonly kind: 'slot';
  readonly designation: string | undefined;
  /** Slot type number (DSP0134 table 46). */
  readonly slotType: number | undefined;
  /** `Available`, `In Use` … */
  readonly usage: string | undefined;
  readonly length: string | undefined;
  readonly id: number | undefined;
  /** `0000:04:00.0` */
  readonly busAddress: string | undefined;
}

/** Fields of a type 9 structure; those that it is too short for are undefined. */
export function decodeSlot(fields: Fields): SystemSlot {
  return {
    kind: 'slot',
    designation: fields.text(0x04),
    slotType: fields.byte(0x05),
    usage: nameFrom1(SLOT_USAGES, fields.byte(0x07)),
    length: nameFrom1(SLOT_LENGTHS, fields.byte(0x08)),
    id: fields.word(0x09),
    busAddress: pciAddress(fields.word(0x0d), fields.byte(0x0f), fields.byte(0x10)),
  };
}

/** Type 11. */
export interface OemStrings {
  readonly kind: 'oemStrings';
  readonly strings: readonly string[];
}

/** Strings of a type 11 structure, as many as it counts. */
export function decodeOemStrings(fields: Fields, raw: RawStructure): OemStrings {
  return { kind: 'oemStrings', strings: raw.strings.slice(0, fields.byte(0x04) ?? 0) };
}

/** Type 38. */
export interface IpmiDevice {
  readonly kind: 'ipmi';
  /** `KCS (Keyboard Control Style)` … */
  readonly interfaceType: string;
  /** `2.0` */
  readonly specificationVersion: string | undefined;
  /** 7-bit address of the BMC on its I2C bus. */
  readonly i2cAddress: number | undefined;
  /** Base address, its lowest bit restored; meaningless for SSIF. */
  readonly baseAddress: number | undefined;
  readonly addressSpace: 'I/O' | 'Memory-mapped' | undefined;
}

/** Fields of a type 38 structure. */
export function decodeIpmi(fields: Fields): IpmiDevice {
  const version = fields.byte(0x05);
  const i2c = fields.byte(0x06);
  const base = fields.qword(0x08);
  const low = ((fields.byte(0x10) ?? 0) >> 4) & 1;
  return {
    kind: 'ipmi',
    interfaceType: IPMI_INTERFACES[fields.byte(0x04) ?? 0] ?? '<OUT OF SPEC>',
    specificationVersion: version === undefined ? undefined : `${version >> 4}.${version & 0x0f}`,
    i2cAddress: i2c === undefined ? undefined : i2c >> 1,
    baseAddress: base === undefined ? undefined : base - (base % 2) + low,
    addressSpace: base === undefined ? undefined : base % 2 === 1 ? 'I/O' : 'Memory-mapped',
  };
}

/** Type 41. */
export interface OnboardDevice {
  readonly kind: 'onboard';
  readonly designation: string | undefined;
  /** `Ethernet` … */
  readonly deviceType: string | undefined;
  readonly enabled: boolean;
  readonly instance: number | undefined;
  /** `0000:01:00.0` */
  readonly busAddress: string | undefined;
}

/** Fields of a type 41 structure. */
export function decodeOnboard(fields: Fields): OnboardDevice {
  const type = fields.byte(0x05);
  return {
    kind: 'onboard',
    designation: fields.text(0x04),
    deviceType: type === undefined ? undefined : nameFrom1(ONBOARD_TYPES, type & 0x7f),
    enabled: ((type ?? 0) & 0x80) !== 0,
    instance: fields.byte(0x06),
    busAddress: pciAddress(fields.word(0x07), fields.byte(0x09), fields.byte(0x0a)),
  };
}

/** Type 42: how the host reaches its BMC by a network of its own (DSP0270). */
export interface HostInterface {
  readonly kind: 'hostInterface';
  /** Interface type number; 0x40 is a network. */
  readonly interfaceType: number | undefined;
  /** `046b:ffb0` of a USB network card. */
  readonly usbId: string | undefined;
  /** Lower case with colons; newer tables of USB and PCI cards have it. */
  readonly mac: string | undefined;
  /** `0000:01:00.0` of a PCI card, in newer tables. */
  readonly busAddress: string | undefined;
}

/** Device descriptors by their first byte (DSP0270, 6.2): 2 and 4 USB, 3 and 5 PCI; 4 and 5 begin with a length. */
export function decodeHostInterface(fields: Fields): HostInterface {
  const interfaceType = fields.byte(0x04);
  const device = (fields.byte(0x05) ?? 0) > 0 ? fields.byte(0x06) : undefined;
  const hex = (value: number | undefined): string => (value ?? 0).toString(16).padStart(4, '0');
  const usb = device === 2 ? 0x07 : device === 4 ? 0x08 : undefined;
  const mac = device === 4 ? fields.bytes(0x0d, 6) : device === 5 ? fields.bytes(0x10, 6) : undefined;
  const product = usb === undefined ? undefined : fields.word(usb + 2);
  return {
    kind: 'hostInterface',
    interfaceType,
    usbId: usb === undefined || product === undefined ? undefined : `${hex(fields.word(usb))}:${hex(product)}`,
    mac: mac === undefined ? undefined : [...mac].map((byte) => byte.toString(16).padStart(2, '0')).join(':'),
    busAddress: device === 5 ? pciAddress(fields.word(0x16), fields.byte(0x18), fields.byte(0x19)) : undefined,
  };
}

/** Type 43. */
export interface TpmDevice {
  readonly kind: 'tpm';
  /** Up to four characters: `INTC`, `IFX` … */
  readonly vendorId: string | undefined;
  /** `1.2`, `2.0` */
  readonly specificationVersion: string | undefined;
  readonly firmwareVersion: string | undefined;
  readonly description: string | undefined;
}

/** Fields of a type 43 structure. */
export function decodeTpm(fields: Fields): TpmDevice {
  const vendor = fields.bytes(0x04, 4);
  const major = fields.byte(0x08);
  const minor = fields.byte(0x09);
  return {
    kind: 'tpm',
    vendorId:
      vendor === undefined
        ? undefined
        : [...vendor].flatMap((byte) => (byte >= 32 && byte < 127 ? [String.fromCharCode(byte)] : [])).join(''),
    specificationVersion: major === undefined || minor === undefined ? undefined : `${major}.${minor}`,
    firmwareVersion: tpmFirmware(major, fields.dword(0x0a), fields.bytes(0x0a, 4)),
    description: fields.text(0x12),
  };
}

/** 1.x: bytes 2 and 3 of TPM_VERSION; 2.x: two halves of a 32-bit number (7.44). */
function tpmFirmware(major: number | undefined, number: number | undefined, bytes: Uint8Array | undefined) {
  if (number === undefined || bytes === undefined) return undefined;
  if (major === 1) return `${bytes[2] ?? 0}.${bytes[3] ?? 0}`;
  return major === 2 ? `${number >>> 16}.${number & 0xffff}` : undefined;
}
