/** One line a request of nodes, boot loaders and installers, as web servers keep it. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { BODY_KEPT, type NewExchange } from './exchange-log.ts';

export interface RequestLog {
  add(exchange: NewExchange): void;
  close(): void;
}

/**
 * Appends to a file, a line as soon as it is answered. What cannot be written later (a full disk) is told once and holds
 * no request up. Throws RAZOR_MK_FILE_UNWRITABLE.
 */
export function openRequestLog(path: string, tell: (trouble: string) => void): RequestLog {
  let file: number | undefined;
  try {
    file = openSync(path, 'a', 0o640);
  } catch (error) {
    throw new RazorMkError('RAZOR_MK_FILE_UNWRITABLE', `cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
  const close = (): void => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  return {
    add(exchange) {
      if (file === undefined) return;
      try {
        writeSync(file, `${requestLine(exchange)}\n`);
      } catch (error) {
        close();
        tell(`requests are no longer written to ${path}: ${messageOf(error)}`);
      }
    },
    close,
  };
}

/** `2026-01-31T12:00:00.000Z 10.77.0.128 GET /razor/api/boot?hw_id=… 200 312 bytes 4 ms iPXE/1.21.1`. */
export function requestLine(exchange: NewExchange): string {
  const { at, from, method, url, status, durationMs } = exchange;
  const length = exchange.replyHeaders['content-length'];
  const agent = exchange.requestHeaders['user-agent'];
  return [
    new Date(at).toISOString(),
    from.replace(/^::ffff:/, '') || '-',
    `${method} ${oneWord(url)} ${status}`,
    `${typeof length === 'string' || typeof length === 'number' ? length : bytesOf(exchange.replyBody)} bytes`,
    `${Math.round(durationMs)} ms`,
    typeof agent === 'string' && agent !== '' ? oneWord(agent.slice(0, 100)) : '-',
  ].join(' ');
}

/** The framework counts a text after it was kept; a long one was cut. */
function bytesOf(body: string): number | '-' {
  return body === '' || body.length >= BODY_KEPT ? '-' : Buffer.byteLength(body);
}

/** Strangers wrote it: nothing that ends a line or moves a cursor. */
function oneWord(text: string): string {
  return text.replaceAll(/[^!-~]/g, (char) => encodeURIComponent(char.toWellFormed()));
}
