/**
 * Port 10000, where the conductor says `done` (docs/contracts/ironic-2014.md#the-conductor). The original ended at any
 * connection; here it takes an allowed peer, exactly these four bytes (a newline is forgiven), and an image that was
 * written: a session was seen and none is left.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { RazorMkError, messageOf } from '../../../../platform/errors/errors.ts';

interface DoneOptions {
  readonly address: string;
  readonly port: number;
  /** Whether a peer's address may say it. */
  readonly allowed: (address: string) => boolean;
  /** Why `done` cannot be true yet, or undefined. Asked for each `done`. */
  readonly notYet: () => Promise<string | undefined>;
  /** What was ignored and why, for the log. */
  readonly onIgnored: (why: string) => void;
}

export interface DoneListener {
  readonly port: number;
  /** Resolves at the next `done` that counts; one that came before this was asked is kept. Each counts once. */
  next(): Promise<void>;
  close(): void;
}

const LONGEST = 16;

/** Opens the port. Throws RAZOR_MK_DEPLOY when that is not possible. */
export async function listenForDone(options: DoneOptions): Promise<DoneListener> {
  let heard = 0;
  let wake: () => void = () => undefined;
  const sockets = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen: false }, (socket) => {
    const peer = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    if (!options.allowed(peer)) {
      options.onIgnored(`a connection from ${peer}, which is neither the API nor the boot server`);
      socket.destroy();
      return;
    }
    socket.setTimeout(10_000, () => socket.destroy());
    let text = '';
    let judged = false;
    const judge = (): void => {
      if (judged) return;
      judged = true;
      if (!/^done\r?\n?$/.test(text)) {
        options.onIgnored(
          text === '' ? `an empty connection from ${peer}` : `${text.length} bytes from ${peer} that are not "done"`,
        );
        return;
      }
      options.notYet().then(
        (why) => {
          if (why === undefined) {
            heard++;
            wake();
          } else options.onIgnored(`"done" from ${peer}: ${why}`);
        },
        (error: unknown) => options.onIgnored(`"done" from ${peer}: ${messageOf(error)}`),
      );
    };
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      if (text.length > LONGEST) socket.destroy();
    });
    socket.on('end', judge);
    socket.on('close', judge);
  });
  server.maxConnections = 16;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const where = `${options.address}:${options.port}`;
      reject(new RazorMkError('RAZOR_MK_DEPLOY', `cannot wait on ${where}: ${messageOf(error)}`, { cause: error }));
    });
    server.listen({ host: options.address, port: options.port }, resolve);
  });
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : options.port,
    async next() {
      while (heard === 0) await new Promise<void>((resolve) => (wake = resolve));
      heard--;
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
