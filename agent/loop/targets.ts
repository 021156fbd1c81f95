/** Which server is asked next: the candidates of discovery, the one that answered last first, or a pushed address. */
import type { Clock } from '../../platform/time/clock.ts';
import type { Candidate, Discovery } from '../discovery/candidate.ts';

export interface Targets {
  /** Undefined until discovery has found something. `pushedUri` is the configuration's mk_uri, or ''. */
  current(pushedUri: string): Candidate | undefined;
  /** The one that answered last goes first, if it is still named. */
  found(discovery: Discovery): void;
  /** The current one answered. */
  answered(candidate: Candidate): void;
  /** The current one failed too often. False when there is no other left, and discovery must begin again. */
  next(failed: Candidate): boolean;
  /** DNS does not vouch for the address any longer. */
  expired(): boolean;
  /** Addresses of discovery that were tried and did not answer, for the next discovery to pass over. */
  unanswered(): ReadonlySet<string>;
}

/** An address that did not answer is passed over for this long, while there is another. */
const DISTRUST_MS = 3_600_000;
/** Answers of DNS are believed at least this long, whatever their TTL. */
const SHORTEST_TTL_S = 30;

/** Addresses of one https name have one URL. */
function keyOf({ url, address = '' }: Candidate): string {
  return `${url} ${address}`;
}

/** Chooses the server of the next turn. State: the candidates, the one that answered last, an hour of distrust. Pure but for the clock. */
export function createTargets(clock: Clock): Targets {
  let candidates: readonly Candidate[] = [];
  let tried = 0;
  let foundAt = 0;
  let answeredLast: string | undefined;
  const distrusted = new Map<string, number>();
  const unanswered = new Map<string, number>();

  return {
    current(pushedUri) {
      const candidate = candidates[0];
      if (pushedUri === '' || candidate?.given === true) return candidate;
      const url = pushedUri.replace(/\/+$/, '');
      const backwards = candidate?.url.startsWith('https:') === true && !url.startsWith('https:');
      if (backwards || (distrusted.get(url) ?? -1) > clock.now()) return candidate;
      return candidate?.url === url ? candidate : { url, source: 'pushed mk_uri', given: false };
    },
    found(discovery) {
      const known = discovery.candidates.find((candidate) => keyOf(candidate) === answeredLast);
      candidates =
        known === undefined
          ? discovery.candidates
          : [known, ...discovery.candidates.filter((candidate) => candidate !== known)];
      // discovery names one of these again only when it knows no other: a new round
      if (candidates.every(({ url }) => unanswered.has(url))) unanswered.clear();
      tried = 0;
      foundAt = clock.now();
    },
    answered(candidate) {
      tried = 0;
      answeredLast = keyOf(candidate);
      unanswered.delete(candidate.url);
      if (candidates[0]?.url !== candidate.url && candidates.some(({ url }) => url === candidate.url)) {
        candidates = [candidate, ...candidates.filter(({ url }) => url !== candidate.url)];
      }
    },
    next(failed) {
      if (answeredLast === keyOf(failed)) answeredLast = undefined;
      if (failed.source === 'pushed mk_uri') {
        distrusted.set(failed.url, clock.now() + DISTRUST_MS);
        return candidates.length > 0;
      }
      tried++;
      if (tried >= candidates.length) {
        for (const { url } of candidates) unanswered.set(url, clock.now() + DISTRUST_MS);
        candidates = [];
        return false;
      }
      candidates = [...candidates.slice(1), ...candidates.slice(0, 1)];
      return true;
    },
    unanswered: () => new Set([...unanswered].filter(([, until]) => until > clock.now()).map(([url]) => url)),
    expired() {
      const ttl = candidates[0]?.ttl;
      return ttl !== undefined && clock.now() - foundAt > Math.max(ttl, SHORTEST_TTL_S) * 1000;
    },
  };
}
