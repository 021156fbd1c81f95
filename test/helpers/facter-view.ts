/** Structured facts beside those of Facter 4, name by name. */

/** Facter's structured facts that this program has too. */
export const COMPARED_FACTS = [
  'os',
  'processors',
  'memory',
  'networking',
  'dmi',
  'disks',
  'mountpoints',
  'system_uptime',
];

/** Of a lease file that a DHCP client keeps; levels of the x86-64 ABI, which no rule asks for; changing by themselves. */
const NOT_COMPARED =
  /\.dhcp$|^processors\.extensions|^(memory|mountpoints)\..*\.(available|used|capacity)(_bytes)?$|^system_uptime/;

/** Values by path, `a.b.c`. */
function leaves(value: unknown, path = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([name, item]) => leaves(item, path === '' ? name : `${path}.${name}`));
}

/** What Facter says that we do not say, or say otherwise: a line each. */
export function differencesToFacter(facter: unknown, structured: unknown): string[] {
  const ours = new Map(leaves(structured));
  return leaves(facter)
    .filter(([path, value]) => !NOT_COMPARED.test(path) && value !== ours.get(path) && !isUnknown(path, value))
    .map(([path, value]) => `${path}: ${JSON.stringify(value)}, ours ${JSON.stringify(ours.get(path))}`);
}

/** A link without a speed: what is not known is absent in ours. */
function isUnknown(path: string, value: unknown): boolean {
  return (path.endsWith('.speed') && value === -1) || (path.endsWith('.duplex') && value === 'unknown');
}

/** How many values of Facter's are compared. */
export function comparedCount(facter: unknown): number {
  return leaves(facter).filter(([path]) => !NOT_COMPARED.test(path)).length;
}
