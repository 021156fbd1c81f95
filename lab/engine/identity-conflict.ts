/** Whether two registers under one id come from one machine: a constant MAC of a BMC or dock makes two into one. Pure. */
import type { Facts } from '../store/records.ts';

/** Values that boards are shipped with, of UUIDs and serials: they say nothing. */
const FILLER =
  /^(|0+|1+|none|n\/?a|unknown|default( string)?|not (specified|available|settable|present|applicable)|to be filled by o\.?e\.?m\.?|system serial number|serial number|chassis serial number|123456789\d*|x+|\.+|-+|03000200-0400-0500-0006-000700080009|00020003-0004-0005-0006-000700080009|12345678-1234-.*|0{8}-.*|f{8}-.*)$/i;

/** What differs, for people: `serial number (A1 before, B2 now)`; undefined where nothing does, or either side says nothing. */
export function identityConflict(before: Facts, now: Facts): string | undefined {
  const serials = [serial(before), serial(now)] as const;
  const uuids = [value(before, 'uuid'), value(now, 'uuid')] as const;
  if (differ(uuids, sameUuid)) return `UUID (${uuids.join(' before, ')} now)`;
  if (differ(serials, (a, b) => a === b)) return `serial number (${serials.join(' before, ')} now)`;
  return undefined;
}

function differ(pair: readonly [string, string], same: (a: string, b: string) => boolean): boolean {
  const [before, now] = pair;
  return !FILLER.test(before) && !FILLER.test(now) && !same(before, now);
}

function serial(facts: Facts): string {
  return value(facts, 'serialnumber') || value(facts, 'mk_hw_bus_serial');
}

function value(facts: Facts, name: string): string {
  const found = Object.hasOwn(facts, name) ? facts[name] : undefined;
  return typeof found === 'string' ? found.trim().toLowerCase().slice(0, 100) : '';
}

/** SMBIOS 2.6 turned the first three fields round; readers of one machine disagree on it. */
function sameUuid(a: string, b: string): boolean {
  return a === b || a === swapped(b);
}

function swapped(uuid: string): string {
  const turn = (hex: string): string => (hex.match(/../g) ?? []).reverse().join('');
  const [first = '', second = '', third = '', ...rest] = uuid.split('-');
  return [turn(first), turn(second), turn(third), ...rest].join('-');
}
