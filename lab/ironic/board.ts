/** What the lab's Ironic conductor knows of its nodes: states, errors, progress and log, for the conductor and for the page. */
import type { LabEvent, LabEvents } from '../lab-events.ts';

export type IronicState = 'deploy wait' | 'deploying' | 'active' | 'deploy failed';

export interface IronicNodeOptions {
  readonly uuid: string;
  /** What the ramdisk must give as its key. */
  readonly key: string;
  /** Raw image that is written to the disk; a node without one can only be told so. */
  readonly image: string | undefined;
  /** Two rounds: the ramdisk installs a boot loader after the image. */
  readonly bootOption: 'netboot' | 'local';
  /** CHAP that the ramdisk's target asks for, `USER:PASSWORD`. */
  readonly chap?: string;
  /** What X-Auth-Token must hold, as servers before June 2015 asked it; anybody may call without this. */
  readonly token?: string;
}

export interface IronicNode extends IronicNodeOptions {
  readonly state: IronicState;
  readonly lastError: string | undefined;
  /** It was not named beforehand: it called. */
  readonly adopted: boolean;
  /** Where its ramdisk answers. */
  readonly address: string | undefined;
  /** Share of the image that is written, from 0 to 1; undefined before that. */
  readonly progress: number | undefined;
  /** Since when it has been in its state; milliseconds since 1970. */
  readonly since: number;
}

type Running = { -readonly [K in keyof IronicNode]: IronicNode[K] };

export interface IronicBoard {
  list(): readonly IronicNode[];
  get(uuid: string): IronicNode | undefined;
  /** What happened to one node, or to all; oldest first. */
  log(uuid?: string): readonly LabEvent[];
  add(node: IronicNodeOptions, adopted: boolean): void;
  /** Changes a node and says why; without words nothing is logged. */
  change(
    uuid: string,
    change: Partial<Pick<IronicNode, 'state' | 'lastError' | 'address' | 'progress'>>,
    message?: string,
  ): void;
}

const LOG_KEPT = 500;
/** Nodes that called without being named: strangers may invent them. */
export const MOST_ADOPTED = 500;

/** An empty board; changes are events of the lab. `wall` gives milliseconds since 1970. */
export function createIronicBoard(events: LabEvents, wall: () => number): IronicBoard {
  const nodes = new Map<string, Running>();
  let log: LabEvent[] = [];
  events.subscribe((event) => {
    if (event.details?.['ironic'] === undefined) return;
    log.push(event);
    if (log.length >= 2 * LOG_KEPT) log = log.slice(-LOG_KEPT);
  });
  return {
    list: () => [...nodes.values()],
    get: (uuid) => nodes.get(uuid),
    log: (uuid) => log.filter((event) => uuid === undefined || event.details?.['ironic'] === uuid).slice(-LOG_KEPT),
    add(node, adopted) {
      const fresh = { state: 'deploy wait', lastError: undefined, address: undefined, progress: undefined } as const;
      nodes.set(node.uuid, { ...node, ...fresh, adopted, since: wall() });
    },
    change(uuid, change, message) {
      const node = nodes.get(uuid);
      if (!node) return;
      if (change.state !== undefined && change.state !== node.state) node.since = wall();
      Object.assign(node, change);
      if (message === undefined) return;
      const { state, lastError: error, progress, since } = node;
      events.emit({
        type: state === 'deploy failed' ? 'failed' : 'state',
        message: `ironic ${uuid}: ${message}`,
        details: { ironic: uuid, state, error, progress, since },
      });
    },
  };
}
