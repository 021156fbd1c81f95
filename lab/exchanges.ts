/** Recent requests and replies in full, for the page: a ring, with bodies cut. */

export interface Exchange {
  readonly seq: number;
  readonly at: number;
  readonly door: 'nodes' | 'razor-server' | 'images' | 'people';
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

export interface Exchanges {
  add(exchange: Omit<Exchange, 'seq'>): void;
  /** Newest last. */
  list(): readonly Exchange[];
  get(seq: number): Exchange | undefined;
}

const KEPT = 200;
export const BODY_KEPT = 64 * 1024;

export function createExchanges(): Exchanges {
  const ring: Exchange[] = [];
  let seq = 0;
  return {
    add(exchange) {
      ring.push({ seq: ++seq, ...exchange });
      if (ring.length > KEPT) ring.shift();
    },
    list: () => ring,
    get: (wanted) => ring.find((exchange) => exchange.seq === wanted),
  };
}
