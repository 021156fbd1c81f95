/**
 * The facts that Facter (2.4.6 and 4.3, on Debian 12) gives on every Linux machine, whatever its hardware: those that a site's tag
 * rules count on. A rule that reads a fact which is not there, without a default, makes razor-server answer `none` to this node for
 * ever (docs/contracts/razor-server.md#tag-rules). Pure.
 */
import type { StructuredFacts } from '../../../facts/facts.ts';
import { facterForm } from './facter-form.ts';

/** By name, dots for what is inside a structured one. */
const FACTER_NAMES = `
  architecture facterversion filesystems gid hardwareisa hardwaremodel hostname id identity.gid identity.group identity.uid
  identity.user interfaces ipaddress is_virtual kernel kernelmajversion kernelrelease kernelversion load_averages.1m
  lsbdistcodename lsbdistdescription lsbdistid lsbdistrelease lsbmajdistrelease macaddress memory.system.total
  memory.system.total_bytes memoryfree memoryfree_mb memorysize memorysize_mb mountpoints netmask networking.hostname
  networking.interfaces networking.ip networking.mac networking.netmask networking.network networking.primary
  operatingsystem operatingsystemmajrelease operatingsystemrelease os.architecture os.distro.codename os.distro.id
  os.family os.hardware os.lsb os.name os.release.full os.release.major osfamily partitions path physicalprocessorcount
  processor0 processorcount processors.count processors.isa processors.models processors.physicalcount ps ruby.version
  rubyplatform rubysitedir rubyversion selinux ssh sshrsakey swapfree swapsize system_uptime.days system_uptime.hours
  system_uptime.seconds timezone uniqueid uptime uptime_days uptime_hours uptime_seconds virtual
`
  .trim()
  .split(/\s+/);

/** Those of Facter's facts that a check-in with these facts would not have. */
export function missingFacterFacts(
  facts: Readonly<Record<string, string>>,
  structured: StructuredFacts = {},
): readonly string[] {
  const sent = facterForm(facts, structured);
  return FACTER_NAMES.filter((name) => !isThere(sent, name.split('.')));
}

/** As the server looks a name up: each part in the map that the one before it gave. */
function isThere(value: unknown, [part, ...rest]: readonly string[]): boolean {
  if (part === undefined) return value !== undefined;
  return typeof value === 'object' && value !== null && isThere((value as Record<string, unknown>)[part], rest);
}
