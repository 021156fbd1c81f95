/** How far this machine's clock is from the server's, by the Date of its replies. Said when it is far, and once. */
import type { Clock } from '../../platform/time/clock.ts';
import type { HttpReply } from '../http/http-client.ts';
import { offsetInWords } from '../http/tls/tls-failure.ts';

const FAR_MS = 60_000;

/** A watcher for replies. */
export function createClockWatch(clock: Clock, warn: (message: string) => void): (reply: HttpReply) => void {
  let said = false;
  return (reply) => {
    const server = Date.parse(reply.headers.date ?? '');
    if (Number.isNaN(server)) return;
    const offset = clock.wall().getTime() - server;
    const far = Math.abs(offset) > FAR_MS;
    if (far && !said)
      warn(`this machine’s clock is ${offsetInWords(offset)}: https certificates and log times depend on it`);
    said = far;
  };
}
