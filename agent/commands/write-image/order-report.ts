/** Tells the server how an order goes on, at the addresses that the order names. */
import { messageOf, RazorMkError } from '../../../platform/errors/errors.ts';
import type { HttpClient } from '../../http/http-client.ts';
import { urlForPeople } from '../../http/http-failure.ts';
import type { Runtime } from '../../loop/runtime.ts';
import type { WriteOrder } from './order.ts';

export interface OrderReport {
  /** Nothing is written before the server has taken this. Throws RAZOR_MK_COMMAND. */
  start(): Promise<void>;
  /** At most one is on its way; one that is lost is lost. */
  progress(text: string): void;
  /** Tried until the server has taken it. Throws RAZOR_MK_COMMAND where it does not know the order any more. */
  end(text: string): Promise<void>;
  /** Tried a few times. Never throws. */
  error(text: string): Promise<void>;
}

const START_ATTEMPTS = 8;
const ERROR_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 60_000;
const LONGEST_TEXT = 500;

/** The reports of one order. `openHttp` gives the client; the texts are for people. */
export function openOrderReport(
  { clock, log, emit, signal }: Runtime,
  { report }: WriteOrder,
  openHttp: () => Promise<HttpClient>,
): OrderReport {
  const once = async (address: string, text: string | undefined): Promise<'taken' | 'refused' | 'again'> => {
    const url = new URL(address);
    if (text !== undefined) url.searchParams.set('message', text.slice(0, LONGEST_TEXT));
    try {
      const { status } = await (await openHttp()).request({ method: 'GET', url: url.href, signal });
      if (status >= 200 && status < 300) return 'taken';
      log.warn(`${urlForPeople(address)}: HTTP ${status}`);
      return status >= 400 && status < 500 && status !== 408 && status !== 429 ? 'refused' : 'again';
    } catch (error) {
      signal.throwIfAborted();
      log.warn(messageOf(error));
      return 'again';
    }
  };
  const tell = async (
    address: string,
    text: string | undefined,
    attempts: number,
  ): Promise<'taken' | 'refused' | 'again'> => {
    for (let attempt = 1; ; attempt++) {
      const said = await once(address, text);
      if (said !== 'again' || attempt >= attempts) return said;
      const ms = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt - 1, 10));
      emit({ event: 'waiting', ms, reason: `the server cannot be told: ${urlForPeople(address)}` });
      await clock.sleep(ms, signal);
    }
  };
  let telling = false;
  return {
    async start() {
      const said = await tell(report.start, undefined, START_ATTEMPTS);
      if (said !== 'taken') throw lost(report.start, said, 'nothing was written');
    },
    progress(text) {
      if (telling) return;
      telling = true;
      void once(report.progress, text)
        .catch(() => undefined)
        .finally(() => (telling = false));
    },
    async end(text) {
      const said = await tell(report.end, text, Infinity);
      if (said !== 'taken') throw lost(report.end, said, 'the image is written');
    },
    async error(text) {
      await tell(report.error, text, ERROR_ATTEMPTS).catch(() => undefined);
    },
  };
}

function lost(address: string, said: 'refused' | 'again', what: string): RazorMkError {
  const why = said === 'refused' ? 'the server does not know this order any more' : 'the server could not be told';
  return new RazorMkError('RAZOR_MK_COMMAND', `write_image: ${why} (${urlForPeople(address)}); ${what}`, {
    remedy: 'Look at the node’s active model on the server; its next check-in may bring the order again.',
  });
}
