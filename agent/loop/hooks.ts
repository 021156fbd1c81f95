/** Where the other parts of a node hang into the agent. */
import type { Settings } from '../config/settings.ts';
import type { Candidate } from '../discovery/candidate.ts';

/** What other parts do at certain moments. Each may take its time; none may end the agent. */
export interface AgentHooks {
  /** Before discovery: wait for the network, set the host name … */
  boot?(settings: Settings, signal: AbortSignal): Promise<void>;
  /** After the configuration was loaded or changed: log level, Tiny Core duties … */
  configured?(settings: Settings, signal: AbortSignal): Promise<void>;
  /** After discovery, before the first turn. */
  ready?(server: Candidate, signal: AbortSignal): Promise<void>;
}
