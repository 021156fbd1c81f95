/**
 * Replies as boot loaders read them. GRUB 2.12 over PXE knows the length of a reply only from a header that is spelled
 * `Content-Length`, asks again and again without it, and waits long on a connection that stays open behind a 404; Node and fastify
 * write names in lower case. Firmware (UEFI HTTP boot) is given the same.
 *
 * Nobody ends the connection over which the initrd came: the kernel starts and knows nothing of it. GRUB counts its ports from the
 * same number at each boot, so the next boot met that connection, half closed by the server for two minutes, and gave up with
 * "connection timeout" (seen: no initrd, kernel panic). So a connection that did well is not closed but reset, after some time.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const LOADERS = /^(GRUB|UefiHttpBoot)\b/i;

/** Whether GRUB or the firmware itself asks, by its User-Agent. */
export function isBootLoader({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return LOADERS.test(headers['user-agent'] ?? '');
}

/** How long a connection stays open behind a file: a slow machine has the rest by then, and no machine is back at its loader sooner. */
const IDLE_MS = 20_000;

/** Resets that are still to come. */
const resets = new WeakMap<Socket, NodeJS.Timeout>();

/** Makes the reply one that such a loader reads; call before anything is written. The connection is reset `idleMs` after it. */
export function spellForLoader({ socket }: IncomingMessage, reply: ServerResponse, idleMs = IDLE_MS): void {
  clearTimeout(resets.get(socket));
  reply.once('finish', () => {
    const reset = (): void => {
      // what is still on its way to a slow machine goes first
      if (socket.writableLength > 0) resets.set(socket, setTimeout(reset, idleMs).unref());
      else socket.resetAndDestroy();
    };
    resets.set(socket, setTimeout(reset, idleMs).unref());
  });
  const setHeader = reply.setHeader.bind(reply);
  const writeHead = reply.writeHead.bind(reply) as (
    status: number,
    headers?: Record<string, unknown>,
  ) => ServerResponse;
  reply.setHeader = (name, value) => setHeader(spelled(name), value);
  reply.writeHead = ((status: number, headers: Record<string, unknown> = {}) => {
    if (status >= 300) reply.shouldKeepAlive = false;
    return writeHead(
      status,
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [spelled(name), value])),
    );
  }) as typeof reply.writeHead;
}

/** `content-length` as `Content-Length`. */
function spelled(name: string): string {
  return name.toLowerCase().replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
