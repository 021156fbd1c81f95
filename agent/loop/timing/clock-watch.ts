/** How far this machine's clock is from the server's, by the Date of its replies. Reported when it is far, once. */
import type { Clock } from '../../../platform/time/clock.ts';
import type { HttpReply } from '../../http/http-client.ts';
import { offsetInWords } from '../../http/tls/clock-offset.ts';

/** Gets every reply of a server. */
export type ClockWatch = (reply: HttpReply) => void;

const FAR_MS = 60_000;

/** Looks at the replies of a server; `warn` gets a sentence when the clock is more than a minute off, again after it was right. */
export function createClockWatch(clock: Clock, warn: (message: string) => void): ClockWatch {
  let reported = false;
  return (reply) => {
    const server = Date.parse(reply.headers.date ?? '');
    if (Number.isNaN(server)) return;
    const offset = clock.wall().getTime() - server;
    const far = Math.abs(offset) > FAR_MS;
    if (far && !reported)
      warn(`this machine’s clock is ${offsetInWords(offset)}: https certificates and log times depend on it`);
    reported = far;
  };
}
