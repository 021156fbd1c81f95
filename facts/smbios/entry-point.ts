/** The SMBIOS entry point, as the kernel shows it in /sys/firmware/dmi/tables/smbios_entry_point (DSP0134, 5.2). */

/** The version used where the entry point cannot be read: all fields of the present day. */
export const DEFAULT_VERSION = 0x0300;

/**
 * Version of the table as `major << 8 | minor` (0x0302 for 3.2), or undefined when these are no entry point's bytes.
 * Three versions that firmware wrote in decimal or by mistake are corrected as dmidecode does.
 */
export function smbiosVersion(entryPoint: Uint8Array): number | undefined {
  const anchor = String.fromCharCode(...entryPoint.subarray(0, 5));
  if (anchor === '_SM3_' && entryPoint.length >= 0x18) return join(entryPoint[7], entryPoint[8]);
  if (anchor.startsWith('_SM_') && entryPoint.length >= 0x1f) {
    const version = join(entryPoint[6], entryPoint[7]);
    if (version === 0x021f || version === 0x0221) return 0x0203;
    return version === 0x0233 ? 0x0206 : version;
  }
  if (anchor === '_DMI_' && entryPoint.length >= 0x0f) {
    const bcd = entryPoint[0x0e] ?? 0;
    return join(bcd >> 4, bcd & 0x0f);
  }
  return undefined;
}

function join(major: number | undefined, minor: number | undefined): number {
  return ((major ?? 0) << 8) | (minor ?? 0);
}
