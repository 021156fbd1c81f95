/** What discovery gives: addresses of servers, and the trace of how they were found. Types only. */

/** One source of discovery that was looked at. */
export interface DiscoveryStep {
  /** `--server`, `kernel line razor.ip`, `DNS name razor`, `next-server file` … */
  readonly source: string;
  /** What was looked at, what was found, and what was made of it, in words. */
  readonly note: string;
  /** Base URLs that this step found, in order. */
  readonly found: readonly string[];
}

export interface Candidate {
  /** Base URL, without a slash at its end. For https the name stays in it, because the certificate is for the name. */
  readonly url: string;
  /** Where it comes from, as in `DiscoveryStep`. */
  readonly source: string;
  /** Somebody wrote it down for this node (option, kernel line, environment, file); a pushed mk_uri does not replace it. */
  readonly given: boolean;
  /** The address that DNS gave for the URL's name, where the name stays in the URL. */
  readonly address?: string;
  /** Seconds for which DNS vouches for it. */
  readonly ttl?: number;
}

export interface Discovery {
  readonly candidates: readonly Candidate[];
  readonly steps: readonly DiscoveryStep[];
}
