/** How this machine was started: firmware mode, Secure Boot, boot interface, kernel command line without secrets. */
import { macOfBootif, parseCommandLine } from '../../../platform/kernel-line.ts';
import { redactText } from '../../../platform/log/redact.ts';
import { oncePer } from '../../sources/recording.ts';
import type { Sources } from '../../sources/sources.ts';
import type { Group } from '../group.ts';
import { readNics } from '../network/nics.ts';

const CMDLINE = '/proc/cmdline';
const EFI = '/sys/firmware/efi';
/** EFI_GLOBAL_VARIABLE of the UEFI specification. */
const GLOBAL = '8be4df61-93ca-11d2-aa0d-00e098032b8c';

export interface Boot {
  readonly mode: 'bios' | 'uefi' | undefined;
  /** Undefined where there is no UEFI or its variables cannot be read. */
  readonly secureBoot: boolean | undefined;
  /** As the boot loader wrote it (BOOTIF=01-52-54-…). */
  readonly bootif: string | undefined;
  /** Lower case with colons. */
  readonly mac: string | undefined;
  readonly interface: string | undefined;
  readonly source: string;
  readonly cmdline: string | undefined;
}

export const readBoot = oncePer((sources): Boot => {
  const raw = sources.text(CMDLINE)?.trim();
  const uefi = sources.exists(EFI);
  const bootif = parseCommandLine(raw ?? '').value('BOOTIF');
  const named = macOfBootif(bootif);
  const fromFirmware = named === undefined && uefi ? firmwareBootMac(sources) : undefined;
  const mac = named ?? fromFirmware?.mac;
  return {
    mode: uefi ? 'uefi' : raw !== undefined && isPc(sources) ? 'bios' : undefined,
    secureBoot: uefi ? secureBoot(sources) : undefined,
    bootif,
    mac,
    interface:
      mac === undefined ? undefined : readNics(sources).find((nic) => (nic.permanentMac ?? nic.mac) === mac)?.name,
    source: fromFirmware?.source ?? CMDLINE,
    cmdline: raw === undefined ? undefined : redactText(raw),
  };
});

/** Only PCs have a BIOS; on other machines the absence of UEFI says nothing. */
function isPc(sources: Sources): boolean {
  const { machine } = sources.os();
  if (machine !== '') return /^(x86_64|amd64|i\d86)$/.test(machine);
  return /^flags\s*:.*\bfpu\b/m.test(sources.text('/proc/cpuinfo', 16 * 1024 * 1024) ?? '');
}

function variable(sources: Sources, name: string): Buffer | undefined {
  return sources.bytes(`${EFI}/efivars/${name}-${GLOBAL}`, 65_536);
}

/** efivarfs puts four bytes of attributes before the value. */
function secureBoot(sources: Sources): boolean | undefined {
  const value = variable(sources, 'SecureBoot');
  return value?.length === 5 ? value[4] === 1 : undefined;
}

/** The MAC in the device path (type 3, sub-type 11) of the boot option that BootCurrent names. UEFI 2.10, 3.1.3 and 10.3.4.11. */
function firmwareBootMac(sources: Sources): { mac: string; source: string } | undefined {
  const current = variable(sources, 'BootCurrent');
  if (current?.length !== 6) return undefined;
  const name = `Boot${current.readUInt16LE(4).toString(16).toUpperCase().padStart(4, '0')}`;
  const option = variable(sources, name)?.subarray(4);
  const mac = option && macOfLoadOption(option);
  return mac === undefined ? undefined : { mac, source: `${EFI}/efivars/${name}-${GLOBAL}` };
}

/** The MAC that a load option boots from; undefined where it boots from something else, or is cut short. */
export function macOfLoadOption(option: Uint8Array): string | undefined {
  const view = Buffer.from(option);
  if (view.length < 6) return undefined;
  let at = 6;
  while (at + 1 < view.length && view.readUInt16LE(at) !== 0) at += 2; // the description, UTF-16
  at += 2;
  const end = Math.min(view.length, at + view.readUInt16LE(4));
  while (at + 4 <= end) {
    const length = view.readUInt16LE(at + 2);
    if (length < 4 || view[at] === 0x7f) return undefined;
    if (view[at] === 3 && view[at + 1] === 11 && length >= 37 && at + 10 <= end) {
      return [...view.subarray(at + 4, at + 10)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
    }
    at += length;
  }
  return undefined;
}

export const bootGroup: Group = {
  name: 'boot',
  collect({ sources, add }) {
    const boot = readBoot(sources);
    add('mk_firmware_mode', boot.mode, EFI);
    add('mk_secure_boot', boot.secureBoot, `${EFI}/efivars/SecureBoot-${GLOBAL}`);
    add('mk_boot_interface', boot.interface, [boot.source, '/sys/class/net']);
    add('mk_boot_mac', boot.mac?.toUpperCase(), boot.source, { raw: boot.bootif });
    add('mk_kernel_cmdline', boot.cmdline, CMDLINE);
  },
};
