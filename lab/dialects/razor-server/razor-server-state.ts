/** What the razor-server dialect is told and what it remembers beside the store. */
import { compilePattern } from '../../../platform/rules/patterns.ts';
import type { MatchKey, RazorServerOptions } from '../../lab-settings.ts';
import type { Facts } from '../../store/records.ts';

export interface RazorServerState {
  readonly matchNodesOn: readonly MatchKey[];
  readonly extensionZip: string | undefined;
  /** Where a merged node went; a faithful lab has forgotten it and answers 404 for ever. */
  mergedInto(id: number): number | undefined;
  noteMerge(from: number, to: number): void;
  withoutBlacklisted(facts: Facts): Facts;
}

const MERGES_KEPT = 10_000;

/** Starts with these options; what it remembers is lost with the lab. */
export function createRazorServerState(options: RazorServerOptions, faithful: boolean): RazorServerState {
  const merges = new Map<number, number>();
  const names = new Set(options.factsBlacklist?.filter((entry) => !/^\/.*\/$/.test(entry)));
  const patterns = (options.factsBlacklist ?? []).flatMap((entry) => {
    const pattern = /^\/(.*)\/$/.exec(entry)?.[1];
    const compiled = pattern === undefined ? '' : compilePattern(`\\A(?:${pattern})\\z`);
    return typeof compiled === 'string' ? [] : [compiled];
  });
  return {
    matchNodesOn: options.matchNodesOn ?? ['mac'],
    extensionZip: options.extensionZip,
    mergedInto(id) {
      let now = merges.get(id);
      for (let hops = 0; now !== undefined && merges.has(now) && hops < 100; hops++) now = merges.get(now);
      return now;
    },
    noteMerge(from, to) {
      if (faithful) return;
      if (merges.size >= MERGES_KEPT) merges.clear();
      merges.set(from, to);
    },
    withoutBlacklisted(facts) {
      if (names.size === 0 && patterns.length === 0) return facts;
      const listed = (name: string): boolean => names.has(name) || patterns.some((pattern) => pattern.test(name));
      return Object.fromEntries(Object.entries(facts).filter(([name]) => !listed(name)));
    },
  };
}
