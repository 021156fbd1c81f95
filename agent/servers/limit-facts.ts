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
  if (sizeOf(Object.fromEntries(kept)) <= limit) return { facts: Object.fromEntries(kept), notes: [] };
  const bySize = [...kept].sort(
    ([a, av], [b, bv]) => Number(NEEDED.test(a)) - Number(NEEDED.test(b)) || bv.length - av.length,
  );
  const without = (count: number): Record<string, string> => {
    const gone = new Set(bySize.slice(0, count).map(([name]) => name));
    return Object.fromEntries([...kept].filter(([name]) => !gone.has(name)));
  };
  // the fewest that must go: the size falls with each
  let [tooFew, enough] = [0, bySize.length];
  while (enough - tooFew > 1) {
    const middle = (tooFew + enough) >> 1;
    if (sizeOf(without(middle)) <= limit) enough = middle;
    else tooFew = middle;
  }
  const notes = bySize
    .slice(0, enough)
    .map(
      ([name, value]) =>
        `fact ${name} (${Buffer.byteLength(value)} bytes) is left out: the request may have ${limit} bytes`,
    );
  return { facts: without(enough), notes };
}
