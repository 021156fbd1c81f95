/** Facts that must fit into a bounded request: strings under clean names, the largest optional ones dropped first. */

/** What the servers' tag rules and people's policies match on; kept as long as anything else can go. */
const NEEDED =
  /^(mk_hw_(cpu_count|nic_count|mem_size|bus_vendor|disk_count|disk\d+_size)|is_virtual|virtual|hostname|macaddress(_.*)?|ipaddress|uuid|serialnumber|productname|manufacturer|architecture|memorysize|processorcount|physicalprocessorcount|razor_mk_errors)$/;

/** Characters that the servers' data stores or rule engines choke on: `@classname` would be made into an object. */
// eslint-disable-next-line no-control-regex
const BAD_IN_NAME = /[!@#$%^&*()=+[\]{}\u0000]/g;

interface LimitedFacts {
  readonly facts: Readonly<Record<string, string>>;
  /** What was dropped, and why, in words. */
  readonly notes: readonly string[];
}

/** Drops facts until `sizeOf` is at most `limit` bytes. */
export function limitFacts(
  facts: Readonly<Record<string, string>>,
  sizeOf: (facts: Readonly<Record<string, string>>) => number,
  limit: number,
): LimitedFacts {
  const kept = new Map<string, string>();
  for (const [name, value] of Object.entries(facts)) {
    const clean = name.replaceAll(BAD_IN_NAME, '');
    if (clean !== '' && clean !== '__proto__') kept.set(clean, String(value).toWellFormed());
  }
  let size = sizeOf(Object.fromEntries(kept));
  if (size <= limit) return { facts: Object.fromEntries(kept), notes: [] };
  const bySize = [...kept].sort(
    ([a, av], [b, bv]) => Number(NEEDED.test(a)) - Number(NEEDED.test(b)) || bv.length - av.length,
  );
  const notes: string[] = [];
  const empty = sizeOf({});
  for (const [name, value] of bySize) {
    if (size <= limit) break;
    kept.delete(name);
    notes.push(`fact ${name} (${Buffer.byteLength(value)} bytes) is left out: the request may have ${limit} bytes`);
    // what one fact takes; all of them are only measured again when that says that it is enough
    size -= sizeOf({ [name]: value }) - empty;
    if (size <= limit) size = sizeOf(Object.fromEntries(kept));
  }
  return { facts: Object.fromEntries(kept), notes };
}
