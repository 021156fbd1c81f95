/** Rules that servers have built in and the facts that these read: for `facts explain`, which itself knows no server. */
import type { ServerRule } from '../../facts/cli/extras.ts';
import { DROPPED } from './foreman/foreman-facts.ts';

const RAZOR = 'Razor 0.x, Hanlon';

export const SERVER_RULES: readonly ServerRule[] = [
  { server: RAZOR, rule: 'tag cpus_<value> when it is a number', facts: /^mk_hw_cpu_count$/ },
  { server: RAZOR, rule: 'tag <value>, the maker', facts: /^mk_hw_bus_vendor$/ },
  { server: RAZOR, rule: 'tag memsize_<value>', facts: /^mk_hw_mem_size$/ },
  { server: RAZOR, rule: 'tag nics_<value> when it is a number', facts: /^mk_hw_nic_count$/ },
  { server: RAZOR, rule: 'tag <virtual>_vm when is_virtual is the text "true"', facts: /^(is_virtual|virtual)$/ },
  {
    server: 'razor-server',
    rule: 'rules of its documentation: ["fact", "processorcount"] and the like',
    facts: /^(processorcount|macaddress|is_virtual|memorysize_mb|blockdevice_\w+_size)$/,
  },
  {
    server: 'Foreman',
    rule: 'column of discovered hosts',
    facts: /^(physicalprocessorcount|memorysize_mb|blockdevice_\w+_size|productname|boardproductname)$/,
  },
  { server: 'Foreman', rule: 'not kept: it drops names like this one, so it is not sent there', facts: DROPPED },
  {
    server: 'Foreman',
    rule: 'interfaces of the host',
    facts: /^(interfaces|macaddress_\w+|ipaddress6?_\w+|netmask_\w+)$/,
  },
];
