/** dmidecode texts, raw SMBIOS tables, ifconfig texts and whole Facter outputs, each turned into a made-up machine. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { collectFacts, factValues } from '../../facts/facts.ts';
import { chassisType } from '../../facts/groups/system/dmi.ts';
import { parseDmidecode } from '../../facts/second-opinion/dmidecode.ts';
import { madeUpSources } from '../helpers/memory-origin.ts';
import { compare, type CorpusResult, corpusRoot, result } from './corpus.ts';
import { machineOfFacts } from './facter-output.ts';
import { machineOfIfconfig } from './ifconfig.ts';

type Wanted = Record<string, unknown>;

function oracles(directory: string): [name: string, wanted: Wanted][] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .map((name) => [name.slice(0, -5), JSON.parse(readFileSync(join(directory, name), 'utf8')) as Wanted]);
}

async function dmi(root: string): Promise<CorpusResult> {
  const parts = [];
  for (const [name, wanted] of oracles(join(root, 'oracle/facter/dmi'))) {
    const table = join(root, 'dmi/bin', `${name.replace(/^bin-/, '')}.dmi`);
    const text = join(root, 'dmi/text', `${name}.txt`);
    const files: Record<string, string | Buffer> = { '/proc/cpuinfo': '' };
    if (name.startsWith('bin-') && existsSync(table)) {
      files['/sys/firmware/dmi/tables/DMI'] = readFileSync(table);
      const dump = `${table.slice(0, -4)}.dump`;
      if (existsSync(dump)) files['/sys/firmware/dmi/tables/smbios_entry_point'] = readFileSync(dump).subarray(0, 32);
    } else if (existsSync(text)) Object.assign(files, sysfsOf(readFileSync(text, 'latin1')));
    else continue;
    const values = factValues(await collectFacts({ sources: madeUpSources({ files }) }));
    const upper = typeof wanted['uuid'] === 'string' && wanted['uuid'] === wanted['uuid'].toUpperCase();
    // dmidecode before 3.0 printed UUIDs in upper case: the recording's, not Facter's
    if (upper && values['uuid'] !== undefined && values['uuid'].includes('-'))
      values['uuid'] = values['uuid'].toUpperCase();
    parts.push(compare(wanted, values, name, () => false));
  }
  return result('facter', 'dmidecode texts and raw tables', 0.98, parts);
}

/** The kernel's files as they would be on the machine whose dmidecode printed this. */
function sysfsOf(text: string): Record<string, string> {
  const files: Record<string, string> = {};
  const blocks = parseDmidecode(text);
  const put = (title: RegExp, pairs: Readonly<Record<string, string>>): void => {
    const fields = blocks.find((block) => title.test(block.title))?.fields;
    for (const [key, file] of Object.entries(pairs)) {
      const value = fields?.get(key);
      if (value !== undefined) files[`/sys/class/dmi/id/${file}`] = `${value}\n`;
    }
  };
  put(/^[Ss]ystem [Ii]nformation/, {
    Manufacturer: 'sys_vendor',
    'Product Name': 'product_name',
    'Serial Number': 'product_serial',
    UUID: 'product_uuid',
  });
  put(/^Base [Bb]oard [Ii]nformation/, {
    Manufacturer: 'board_vendor',
    'Product Name': 'board_name',
    'Serial Number': 'board_serial',
  });
  put(/^BIOS Information/, { Vendor: 'bios_vendor', Version: 'bios_version', 'Release Date': 'bios_date' });
  const type = blocks.find((block) => /^Chassis Information/.test(block.title))?.fields.get('Type');
  const number = Array.from({ length: 36 }, (_, i) => i + 1).find((n) => chassisType(n) === type?.trim());
  if (number !== undefined) files['/sys/class/dmi/id/chassis_type'] = `${number}\n`;
  return files;
}

async function ifconfig(root: string): Promise<CorpusResult> {
  const parts = [];
  for (const [name, wanted] of oracles(join(root, 'oracle/facter/ifconfig'))) {
    const source = join(root, 'net/ifconfig', name.replace(/_eth0$/, ''));
    if (!existsSync(source)) continue;
    const machine = machineOfIfconfig(readFileSync(source, 'utf8'), name.endsWith('_eth0') ? 'eth0' : undefined);
    const given = factValues(await collectFacts({ sources: madeUpSources(machine) }));
    // MACs are compared without their case, which was the program's that printed them
    const lower = (values: Wanted): Record<string, string> =>
      Object.fromEntries(
        Object.entries(values).map(([k, v]) => [k, k.startsWith('mac') ? String(v).toLowerCase() : String(v)]),
      );
    parts.push(compare(lower(wanted), lower(given), name, () => false));
  }
  return result('facter', 'ifconfig texts', 0.98, parts);
}

async function outputs(root: string): Promise<CorpusResult> {
  const parts = [];
  for (const name of readdirSync(join(root, 'facterdb/1.7'))) {
    const wanted = JSON.parse(readFileSync(join(root, 'facterdb/1.7', name), 'utf8')) as Wanted;
    if (wanted['kernel'] !== 'Linux') continue;
    const values = factValues(await collectFacts({ sources: madeUpSources(machineOfFacts(wanted)) }));
    const lower = (text: unknown): unknown => (typeof text === 'string' ? text.toLowerCase() : text);
    const folded = Object.fromEntries(
      Object.entries(wanted).map(([k, v]) => [k, /^(macaddress|uuid)/.test(k) ? lower(v) : v]),
    );
    for (const k of Object.keys(values)) if (/^(macaddress|uuid)/.test(k)) values[k] = String(lower(values[k]));
    parts.push(compare(folded, values, name, (fact) => NOT_MADE_BACK.test(fact)));
  }
  return result('facter', 'whole outputs, made back into machines', 0.98, parts);
}

/** Facts of programs that no microkernel has (Ruby, SSH host keys, Puppet, lsb_release), and what an output cannot be made back from. */
const NOT_MADE_BACK =
  /^(gem_version|facterversion|ruby|puppetversion|augeasversion|ssh|sshfp|lsb|ps$|path$|id$|timezone|uniqueid|hardwareisa|virtual$|is_virtual|selinux_|cfkey|ec2_|zfs|zpool)/;

export async function measure(): Promise<CorpusResult[]> {
  const root = corpusRoot();
  return root === undefined ? [] : [await dmi(root), await ifconfig(root), await outputs(root)];
}

if (import.meta.main) {
  for (const { subject, agree, total, share, differences } of await measure())
    console.log(`${subject} ${agree}/${total} ${(share * 100).toFixed(2)} %\n${differences.join('\n')}`);
}
