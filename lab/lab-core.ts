/** What every dialect of the lab shares: settings, store, event log, and the addresses that nodes are given. */
import type { FastifyInstance } from 'fastify';
import type { LabEvents } from './lab-events.ts';
import { createVerifier, type ImageVerifier } from './images/images.ts';
import type { LabSettings } from './lab-settings.ts';
import type { NodeRecord } from './store/records.ts';
import type { Store } from './store/store.ts';
import { matchTags, type Tagging, type TagMatch } from '../platform/rules/tags.ts';

/** Handed to everything that answers a request. */
export interface LabCore {
  readonly settings: LabSettings;
  readonly store: Store;
  readonly events: LabEvents;
  /** Aborted when the lab closes. */
  readonly closing: AbortSignal;
  /** Wall time in milliseconds since 1970, by the clock of a database that several labs share. */
  wall(): number;
  /** A node's tags, from the facts as they are. */
  tags(node: NodeRecord): readonly TagMatch[];
  /** Tag rules that cannot be evaluated for a node, with the reason. */
  tagErrors(node: NodeRecord): readonly string[];
  /** Why a microkernel cannot be booted, or undefined when it can. */
  readonly verifyImage: ImageVerifier;
  /** Base addresses without a slash at the end, as this request's sender can reach them. */
  addresses(request: RequestOrigin): Addresses;
}

/** The part of a request that shows how its sender reached us. */
interface RequestOrigin {
  readonly headers: { readonly host?: string | undefined };
  readonly socket: { readonly localAddress?: string | undefined };
}

/** Base addresses of the listeners for nodes. */
export interface Addresses {
  readonly nodes: string;
  readonly images: string;
  /** Undefined where the lab does not listen for razor-server. */
  readonly razorServer: string | undefined;
}

/** A dialect: routes on one of the listeners for nodes. */
export type LabDialect = (app: FastifyInstance, core: LabCore) => void;

/** Ports as they are bound. */
export interface BoundPorts {
  nodes: number;
  images: number;
  people: number;
  razorServer: number | undefined;
}

/** What createCore puts together. */
interface CoreParts {
  readonly settings: LabSettings;
  readonly store: Store;
  readonly events: LabEvents;
  readonly bound: BoundPorts;
  readonly closing: AbortSignal;
}

/** Nodes whose tags are kept. */
const TAGS_KEPT = 200_000;

/** Puts the core together. Tags of a node are kept until its facts or the rules change. */
export function createCore({ settings, store, events, bound, closing }: CoreParts): LabCore {
  const tagging = createTagging(settings, store);
  return {
    settings,
    store,
    events,
    closing,
    verifyImage: createVerifier(),
    wall: () => settings.clock.wall().getTime() + store.standing.clockOffset,
    tags(node) {
      const { matches } = tagging(node);
      return node.dialect === 'hanlon' ? [...matches, ...idTags(store.nodes.hwIds(node.id))] : matches;
    },
    tagErrors: (node) => tagging(node).errors,
    addresses(request) {
      const host = settings.advertise ?? hostOf(request) ?? settings.host;
      const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
      return {
        nodes: `http://${name}:${bound.nodes}`,
        images: `http://${name}:${bound.images}`,
        razorServer: bound.razorServer === undefined ? undefined : `http://${name}:${bound.razorServer}`,
      };
    },
  };
}

/** Each id of a Hanlon node is a tag of it, so that a policy can be for one machine (docs/contracts/hanlon.md#facts). */
function idTags(hwIds: readonly string[]): readonly TagMatch[] {
  return hwIds.map((hwId) => ({ tag: hwId, rule: 'hw_id', because: 'it is one of its ids' }));
}

interface KeptTagging {
  readonly facts: number;
  readonly rules: number;
  readonly metadata: unknown;
  readonly installed: string | undefined;
  readonly tagging: Tagging;
}

/** The tags of a node, kept until something that rules look at changes. */
function createTagging(settings: LabSettings, store: Store): (node: NodeRecord) => Tagging {
  const kept = new Map<number, KeptTagging>();
  return (node) => {
    const { factsVersion: facts, metadata, installed } = node;
    const known = kept.get(node.id);
    const same = known?.facts === facts && known.metadata === metadata && known.installed === installed;
    if (known && same && known.rules === store.version) return known.tagging;
    const tagging = matchTags(store.nodes.facts(node.id), store.tagRules.list(), settings.faithful, node);
    if (kept.size >= TAGS_KEPT) kept.clear();
    kept.set(node.id, { facts, rules: store.version, metadata, installed, tagging });
    return tagging;
  };
}

/**
 * The name by which the sender reached us: the Host header's when it is a plain name or address (a node behind
 * address translation knows us by another address than our socket does), the socket's address otherwise.
 */
function hostOf(request: RequestOrigin): string | undefined {
  const host = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9.-]{0,252}))(?::\d{1,5})?$/i.exec(request.headers.host ?? '');
  return host?.[1] ?? request.socket.localAddress?.replace(/^::ffff:/, '');
}
