/** What a lab on PostgreSQL keeps in its process: its replica, where that stands in the feed, and what waits to be written. */
import type { RazorMkError } from '../../../platform/errors/errors.ts';
import type { Changes } from '../changes.ts';
import type { KeyRing } from '../secrets/key-ring.ts';
import type { SharedEvent, SharedEvents } from '../store.ts';
import type { LabConnections } from './connection.ts';
import type { Position } from './load-replica.ts';
import type { Waiter } from './local-group.ts';
import type { Replica } from './replica.ts';

/** Changed by the writes, by what is heard of other labs, and by nothing else. */
export interface SharedState {
  readonly connections: LabConnections;
  readonly events: SharedEvents;
  /** The keys of the secrets. */
  readonly ring: KeyRing;
  /** This lab's name in the feed. */
  readonly lab: string;
  replica: Replica;
  position: Position;
  sequences: Readonly<Record<string, number>>;
  /** Database's clock less this machine's, milliseconds; 0 within a second. */
  clockOffset: number;
  /** Why nothing can be written now. */
  away: RazorMkError | undefined;
  closing: boolean;
  readonly queue: Waiter[];
  readonly outbox: SharedEvent[];
  /** Work on replica and feed goes one after another. */
  last: Promise<unknown>;
  pumping: boolean;
  outboxTimer: NodeJS.Timeout | undefined;
  readonly undone: (() => void)[];
  readonly applied: ((changes: Changes) => void)[];
  readonly flush: (() => void)[];
}
