/** What a syslog sender needs of UDP or TCP. Neither blocks or throws. */
import { isIP } from 'node:net';
import type { SyslogTarget } from './syslog-message.ts';

export interface TransportOptions {
  readonly target: SyslogTarget;
  /** Finds the address of a name. Without it a name is never looked up: the system's resolver may hang for minutes. */
  readonly resolve?: (name: string) => Promise<string | undefined>;
}

/** Lines that were handed to the network, and lines that were not, since the sender was opened. */
export interface SyslogCounters {
  sent: number;
  dropped: number;
}

export interface Transport {
  /** Called when lines may be sent again. */
  onReady: () => void;
  /** Whether a line may be sent now. */
  ready(): boolean;
  send(line: string): void;
  /** Begins to connect or to resolve when that is needed and due. */
  wake(): void;
  /** Waits at most `graceMs` for what is on its way, then lets go. */
  close(graceMs: number): Promise<void>;
}

/** The collector's address: the host as it stands, or what its name resolves to. Undefined where it is not found. */
export async function collectorAddress(options: TransportOptions): Promise<string | undefined> {
  const { host } = options.target;
  if (isIP(host) !== 0) return host;
  return await options.resolve?.(host).catch(() => undefined);
}
