/**
 * Facts as Facter 2 gives them, which razor-server's rules are written for (docs/contracts/razor-server.md#tag-rules): MACs in
 * lower case, numbers and booleans, and the structured facts beside the flat ones. Pure.
 */
import type { StructuredFacts } from '../../../facts/facts.ts';

const NUMBERS =
  /^(processorcount|physicalprocessorcount|blockdevice_.*_size|mtu_.*|uptime_(seconds|hours|days)|system_uptime)$/;
const BOOLEANS = /^(is_virtual|selinux)$/;
const MACS = /^macaddress(_.*)?$/;

/** All facts in that form; a value that is not what its name promises stays text, and a flat fact wins over a structured one. */
export function facterForm(
  facts: Readonly<Record<string, string>>,
  structured: StructuredFacts = {},
): Readonly<Record<string, unknown>> {
  const flat = Object.entries(facts).map(([name, value]) => [name, typed(name, value)] as const);
  return { ...structured, ...Object.fromEntries(flat) };
}

function typed(name: string, value: string): string | number | boolean {
  if (MACS.test(name)) return value.toLowerCase();
  if (BOOLEANS.test(name) && (value === 'true' || value === 'false')) return value === 'true';
  return NUMBERS.test(name) && /^\d{1,15}$/.test(value) ? Number(value) : value;
}
