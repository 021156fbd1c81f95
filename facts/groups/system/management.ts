/** The management processor (BMC): that there is one from SMBIOS type 38 and /dev/ipmi0; with `all`, what ipmitool reads from it. */
import { structuresOf } from '../../smbios/smbios.ts';
import { oncePer } from '../../sources/recording.ts';
import { readDmi } from './dmi.ts';
import type { Group, GroupContext } from '../group.ts';

const TABLE = '/sys/firmware/dmi/tables/DMI';
const DEVICE = '/dev/ipmi0';

export interface Bmc {
  readonly interfaceType: string | undefined;
  readonly ipmiVersion: string | undefined;
  readonly device: boolean;
}

export const readBmc = oncePer((sources): Bmc | undefined => {
  const [record] = structuresOf(readDmi(sources).structures, 'ipmi');
  const device = sources.exists(DEVICE);
  if (!record && !device) return undefined;
  return { interfaceType: record?.interfaceType, ipmiVersion: record?.specificationVersion, device };
});

/** `Key : value` lines of ipmitool; indented ones belong to the line before and are left out. Never throws. */
export function parseIpmitool(text: string): Map<string, string> {
  const values = new Map<string, string>();
  for (const line of text.split('\n', 2000)) {
    const match = /^([A-Za-z][^:]{0,60}?)\s*:\s(.{1,300})$/.exec(line);
    const value = match?.[2]?.trim();
    if (match && value && !values.has(match[1] as string)) values.set(match[1] as string, value);
  }
  return values;
}

/** `lan print` asks some sixty times, and a management processor that is busy answers each after a tenth of a second or more. */
const TIMEOUT_MS = 30_000;

async function askIpmitool({ sources, add, signal }: GroupContext): Promise<void> {
  const options = { timeoutMs: TIMEOUT_MS, ...(signal ? { signal } : {}) };
  const info = await sources.run(['ipmitool', 'mc', 'info'], options);
  if (info.status === 0) {
    const values = parseIpmitool(info.stdout.toString('latin1'));
    add('mk_bmc_firmware', values.get('Firmware Revision'), 'ipmitool mc info');
    add('mk_bmc_manufacturer', values.get('Manufacturer Name'), 'ipmitool mc info');
  }
  const lan = await sources.run(['ipmitool', 'lan', 'print'], options);
  if (lan.status !== 0) return;
  const values = parseIpmitool(lan.stdout.toString('latin1'));
  const address = values.get('IP Address');
  add('mk_bmc_address', address === '0.0.0.0' ? undefined : address, 'ipmitool lan print');
  add('mk_bmc_netmask', values.get('Subnet Mask'), 'ipmitool lan print');
  add('mk_bmc_gateway', values.get('Default Gateway IP'), 'ipmitool lan print');
  add('mk_bmc_mac', values.get('MAC Address')?.toUpperCase(), 'ipmitool lan print');
  add('mk_bmc_address_source', values.get('IP Address Source'), 'ipmitool lan print');
}

export const managementGroup: Group = {
  name: 'bmc',
  async collect(context) {
    const bmc = readBmc(context.sources);
    context.add('mk_bmc', bmc !== undefined, [TABLE, DEVICE]);
    context.add('mk_bmc_interface', bmc?.interfaceType, TABLE);
    context.add('mk_bmc_ipmi_version', bmc?.ipmiVersion, TABLE);
    if (context.all && bmc?.device === true) await askIpmitool(context);
  },
};
