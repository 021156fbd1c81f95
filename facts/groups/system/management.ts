/** The management processor (BMC): that there is one from SMBIOS type 38 and /dev/ipmi0; where asked for, what ipmitool reads from it. */
import { structuresOf } from '../../smbios/smbios.ts';
import { oncePer } from '../../sources/recording.ts';
import type { BmcAnswers, BmcQuestion } from './bmc-memory.ts';
import { readDmi } from './dmi.ts';
import type { AddFact, Group, GroupContext } from '../group.ts';

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
    const match = /^ ?([A-Za-z][^:]{0,60}?)\s*:\s(.{1,300})$/.exec(line);
    const value = match?.[2]?.trim();
    if (match && value && !values.has(match[1] as string)) values.set(match[1] as string, value);
  }
  return values;
}

/** `lan print` asks some sixty times, and a management processor that is busy answers each after a tenth of a second or more. */
const TIMEOUT_MS = 30_000;
/** How long an answer is good for: the address of a management processor changes next to never, and asking takes seconds. */
const FRESH_MS = 600_000;

async function askIpmitool(context: GroupContext): Promise<BmcAnswers> {
  const { sources, signal, bmc } = context;
  if (bmc !== undefined && performance.now() - bmc.askedAt < FRESH_MS) return bmc.answers;
  const answers: BmcAnswers = {};
  for (const question of ['mc info', 'lan print', 'fru print'] as const) {
    const [noun = '', verb = ''] = question.split(' ');
    const options = { timeoutMs: TIMEOUT_MS, ...(signal ? { signal } : {}) };
    const { status, failure, stdout } = await sources.run(['ipmitool', noun, verb], options);
    if (failure === 'not-found') return answers; // it may come yet, as an extension
    if (status === 0) answers[question] = parseIpmitool(stdout.toString('latin1'));
  }
  if (bmc !== undefined) Object.assign(bmc, { answers, askedAt: performance.now() });
  return answers;
}

/** The fields that Hanlon's microkernel sent, as ipmitool names them (docs/contracts/hanlon.md#facts). */
const HANLON_FIELDS: Readonly<Record<BmcQuestion, readonly string[]>> = {
  'mc info': [
    ...['Device ID', 'Device Revision', 'Firmware Revision', 'IPMI Version', 'Manufacturer ID', 'Manufacturer Name'],
    ...['Product ID', 'Product Name', 'Device Available', 'Provides Device SDRs'],
  ],
  'lan print': [
    ...['IP Address Source', 'IP Address', 'Subnet Mask', 'MAC Address', 'IP Header', 'BMC ARP Control'],
    ...['Gratituous ARP Intrvl', 'Gratuitous ARP Intrvl', 'Default Gateway IP', 'Default Gateway MAC'],
    ...['Backup Gateway IP', 'Backup Gateway MAC'],
  ],
  'fru print': [
    ...['Chassis Type', 'Chassis Part Number', 'Chassis Serial', 'Board Mfg Date', 'Board Mfg', 'Board Product'],
    ...['Board Serial', 'Board Part Number'],
  ],
};

function addAnswers(answers: BmcAnswers, add: AddFact): void {
  const own = (question: BmcQuestion, fact: string, key: string, change = (value: string) => value): void => {
    const value = set(key, answers[question]?.get(key));
    add(`mk_bmc_${fact}`, value === undefined ? undefined : change(value), `ipmitool ${question}`);
  };
  own('mc info', 'firmware', 'Firmware Revision');
  own('mc info', 'manufacturer', 'Manufacturer Name');
  own('lan print', 'address', 'IP Address');
  own('lan print', 'netmask', 'Subnet Mask');
  own('lan print', 'gateway', 'Default Gateway IP');
  own('lan print', 'mac', 'MAC Address', (mac) => mac.toUpperCase());
  own('lan print', 'address_source', 'IP Address Source');
  for (const [question, fields] of Object.entries(HANLON_FIELDS) as [BmcQuestion, string[]][]) {
    for (const field of fields) {
      const name = `mk_ipmi_${field.replaceAll(/\s+/g, '_')}`;
      add(name, set(field, answers[question]?.get(field)), `ipmitool ${question}`);
    }
  }
}

/** An address of zeros is none: Hanlon's power control would call it. */
function set(key: string, value: string | undefined): string | undefined {
  return value === '0.0.0.0' && key === 'IP Address' ? undefined : value;
}

export const managementGroup: Group = {
  name: 'bmc',
  async collect(context) {
    const bmc = readBmc(context.sources);
    context.add('mk_bmc', bmc !== undefined, [TABLE, DEVICE]);
    context.add('mk_bmc_interface', bmc?.interfaceType, TABLE);
    context.add('mk_bmc_ipmi_version', bmc?.ipmiVersion, TABLE);
    const asked = context.all || context.bmc !== undefined;
    if (asked && bmc?.device === true) addAnswers(await askIpmitool(context), context.add);
  },
};
