/** Whether this is a virtual machine or a container, and whose; under Facter's names. */
import { oncePer } from '../sources/memory.ts';
import type { Sources } from '../sources/sources.ts';
import { readDmi } from './dmi.ts';
import type { Group } from './group.ts';

export interface Virtual {
  readonly name: string;
  readonly source: string;
  readonly raw: string | undefined;
}

const CPUINFO = '/proc/cpuinfo';

export const readVirtual = oncePer((sources): Virtual => {
  const made = (name: string, source: string, raw?: string): Virtual => ({ name, source, raw });
  const { fields } = readDmi(sources);
  const vendor = fields.get('sys_vendor')?.value ?? '';
  const product = fields.get('product_name')?.value ?? '';
  for (const [pattern, name] of PRODUCTS) {
    if (pattern.test(`${vendor}|${product}`))
      return made(name, '/sys/class/dmi/id/product_name', `${vendor} ${product}`);
  }
  const flagged = hypervisorFlag(sources);
  if (flagged) return made('kvm', CPUINFO, 'flags: … hypervisor …');
  return made('physical', CPUINFO);
});

const PRODUCTS: readonly (readonly [RegExp, string])[] = [
  [/VMware/i, 'vmware'],
  [/VirtualBox/i, 'virtualbox'],
  [/Microsoft Corporation\|Virtual Machine/, 'hyperv'],
  [/Parallels/, 'parallels'],
  [/HVM domU/, 'xenhvm'],
  [/QEMU|KVM|Bochs/, 'kvm'],
];

function hypervisorFlag(sources: Sources): boolean {
  return /^flags\s*:.*\bhypervisor\b/m.test(sources.text(CPUINFO, 16 * 1024 * 1024) ?? '');
}

/** Names of machines that are no guests, as Facter lists them. */
const NOT_VIRTUAL = new Set(['physical', 'xen0', 'vmware_server', 'vmware_workstation', 'openvzhn', 'vserver_host']);

export const virtualGroup: Group = {
  name: 'virtual',
  collect({ sources, add }) {
    const { name, source, raw } = readVirtual(sources);
    add('virtual', name, source, { raw });
    add('is_virtual', !NOT_VIRTUAL.has(name), source, { raw: name });
  },
};
