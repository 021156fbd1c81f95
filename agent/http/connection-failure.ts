/** Why an exchange failed, for people. */
import { errnoOf, messageOf } from '../../platform/errors/errors.ts';

/** What a person should read about a failed exchange; the system's own words where we have no better ones. */
export function describeFailure(error: unknown, timeoutMs: number): string {
  const code = errnoOf(error);
  switch (code) {
    case 'ETIMEDOUT':
      // got's error names the phase
      if ((error as { readonly event?: unknown }).event === 'connect') return 'no connection: nobody answers there';
      return `no whole answer within ${timeoutMs / 1000} s`;
    case 'ECONNREFUSED':
      return 'connection refused: nothing listens there';
    case 'ECONNRESET':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return 'the connection was cut before the answer was whole';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'no route to the host';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name has no address';
    case undefined:
      return messageOf(error);
    default:
      return `${messageOf(error)} (${code})`;
  }
}
