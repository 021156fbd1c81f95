/** Recent requests and replies in full, for the page: a ring, with bodies cut. */

/** A request and its reply. */
export interface RecordedExchange {
  readonly seq: number;
  readonly at: number;
  readonly listener: 'nodes' | 'razor-server' | 'images' | 'ironic' | 'people';
  readonly from: string;
  readonly method: string;
  readonly url: string;
  readonly requestHeaders: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The first 64 KiB, as text. */
  readonly requestBody: string;
  readonly status: number;
  readonly replyHeaders: Readonly<Record<string, unknown>>;
  /** The first 64 KiB of text bodies; `(N bytes)` of others. */
  readonly replyBody: string;
  readonly durationMs: number;
}

/** An exchange before it has a number. */
export type NewExchange = Omit<RecordedExchange, 'seq'>;

/** The ring of exchanges. */
export interface Exchanges {
  /** Keeps what `make` gives; it is called only when somebody looks: most are pushed out unseen. */
  add(make: () => NewExchange): void;
  /** Newest last. */
  list(): readonly RecordedExchange[];
  get(seq: number): RecordedExchange | undefined;
}

const KEPT = 200;
/** Bytes of a body that are kept. */
export const BODY_KEPT = 64 * 1024;

/** Opens the ring; `onRequest` gets each exchange as it is answered. */
export function createExchanges(onRequest?: (exchange: NewExchange) => void): Exchanges {
  const ring: (() => NewExchange)[] = [];
  let last = 0;
  const at = (seq: number): RecordedExchange | undefined => {
    const make = seq > last - KEPT && seq <= last ? ring[seq % KEPT] : undefined;
    return make && { seq, ...make() };
  };
  return {
    add(make) {
      if (onRequest === undefined) return void (ring[++last % KEPT] = make);
      const exchange = make();
      ring[++last % KEPT] = () => exchange;
      onRequest(exchange);
    },
    list() {
      const first = Math.max(1, last - KEPT + 1);
      return Array.from({ length: last - first + 1 }, (_, i) => at(first + i)).filter((each) => each !== undefined);
    },
    get: at,
  };
}
