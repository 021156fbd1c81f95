/**
 * The deploy ramdisk's parameters, from the kernel line or the virtual media's parameters.txt
 * (docs/contracts/ironic-2014.md#parameters). The original's parser: words split at blanks, the FIRST match wins, the
 * value is everything after the first `=`, a bare word is empty, absent is empty too, no quoting.
 */
import { splitKernelWords } from '../../../../platform/kernel-line.ts';

/** `key=value` words of a text, by the original's rules: no quotes, the FIRST of doubled keys wins (its own get_opts). */
export function parseParameters(text: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const { name, value } of splitKernelWords(text, { quotes: false })) {
    if (!parameters.has(name)) parameters.set(name, value);
  }
  return parameters;
}

/** Its reading of BOOTIF=: 01 (Ethernet) is taken off, other hardware types stay in front of the address. */
function bootMacOf(text: string): string | undefined {
  const colons = text.toLowerCase().replaceAll('-', ':');
  const mac = colons.length === 20 && colons.startsWith('01:') ? colons.slice(3) : colons;
  return mac === '' ? undefined : mac;
}

/** `ip=client:server:gateway:mask` as PXELINUX (ipappend) and iPXE write it; further fields are left alone. */
interface StaticAddress {
  readonly address: string;
  readonly server: string;
  readonly gateway: string;
  readonly mask: string;
}

export interface DeployParameters {
  readonly bootMethod: string;
  readonly ip: StaticAddress | undefined;
  /** Lower case with colons; undefined without BOOTIF. */
  readonly bootMac: string | undefined;
  /** From `ip`, else from `boot_server=`. */
  readonly bootServer: string | undefined;
  /** `disk=` in its order. */
  readonly disks: readonly string[];
  readonly iscsiTargetIqn: string;
  readonly deploymentId: string;
  readonly deploymentKey: string;
  /** Without a trailing slash. */
  readonly ironicApiUrl: string;
  readonly troubleshoot: boolean;
  readonly bootOption: 'local' | 'netboot';
  readonly bootMode: 'bios' | 'uefi';
  /** `root_device=` as it stands, percent-encoded. */
  readonly rootDevice: string | undefined;
}

/** Whether these parameters ask for the deploy ramdisk's work. */
export function asksForDeploy(parameters: ReadonlyMap<string, string>): boolean {
  return (parameters.get('deployment_id') ?? '') !== '' && (parameters.get('ironic_api_url') ?? '') !== '';
}

/** Whether the parameters are to be read from the virtual media instead. */
export function wantsVirtualMedia(parameters: ReadonlyMap<string, string>): boolean {
  return parameters.get('boot_method') === 'vmedia';
}

/** The parameters in their types, absent ones empty; nothing is refused here (docs/contracts/ironic-2014.md). */
export function deployParameters(parameters: ReadonlyMap<string, string>): DeployParameters {
  const get = (key: string): string => parameters.get(key) ?? '';
  const ip = staticAddress(get('ip'));
  return {
    bootMethod: get('boot_method'),
    ip,
    bootMac: bootMacOf(get('BOOTIF')),
    bootServer: ip?.server || get('boot_server') || undefined,
    disks: get('disk')
      .split(',')
      .filter((name) => name !== ''),
    iscsiTargetIqn: get('iscsi_target_iqn'),
    deploymentId: get('deployment_id'),
    deploymentKey: get('deployment_key'),
    ironicApiUrl: get('ironic_api_url').replace(/\/+$/, ''),
    troubleshoot: get('troubleshoot') === '1',
    bootOption: get('boot_option') === 'local' ? 'local' : 'netboot',
    bootMode: get('boot_mode') === 'uefi' ? 'uefi' : 'bios',
    rootDevice: get('root_device') || undefined,
  };
}

function staticAddress(text: string): StaticAddress | undefined {
  const [address = '', server = '', gateway = '', mask = ''] = text.split(':');
  return /^\d+\.\d+\.\d+\.\d+$/.test(address) ? { address, server, gateway, mask } : undefined;
}
