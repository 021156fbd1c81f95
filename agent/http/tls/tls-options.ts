/**
 * TLS connections. A pinned server is known by its certificate's fingerprint alone, which is looked at on the socket
 * before anything is written to it: a verifying callback would be skipped when the authority is unknown, and with
 * verification off the request would be on its way already.
 */
import { createHash } from 'node:crypto';
import { Agent, type AgentOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { poolOptions } from '../connections.ts';

export interface TlsTrust {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Lower-case hex; empty for ordinary verification. */
  readonly pins: readonly string[];
  /** A server without a pinned certificate is talked to when the authorities vouch for it: for files whose checksum is known. */
  readonly pinOrAuthority?: boolean;
  /** For the handshake. */
  readonly timeoutMs: number;
  /** Takes any certificate; pins count nevertheless. */
  readonly insecure?: boolean;
}

export class PinError extends Error {
  readonly code = 'RAZOR_MK_PIN';
}

type Created = (error: Error | null, socket: Duplex) => void;

/**
 * A maker of TLS connections, through `proxy` where there is one, which are used again with `kept`. With pins, sockets are handed
 * out only after their certificate was looked at.
 */
export function createTlsAgent(trust: TlsTrust, proxy: string | undefined, kept = false): Agent {
  const options: AgentOptions = {
    ...poolOptions({ secure: true, kept, proxy }),
    maxCachedSessions: trust.pins.length > 0 ? 0 : 10, // a resumed session shows no certificate
    minVersion: 'TLSv1.2',
    ...(trust.insecure === true ? { rejectUnauthorized: false } : {}),
    ca: trust.ca,
    cert: trust.cert,
    key: trust.key,
  };
  return trust.pins.length === 0 ? new Agent(options) : new PinningAgent(options, trust);
}

class PinningAgent extends Agent {
  readonly #trust: TlsTrust;

  constructor(options: AgentOptions, trust: TlsTrust) {
    super({ ...options, rejectUnauthorized: false });
    this.#trust = trust;
  }

  /** Node takes a socket that is returned as ready, so nothing is returned and the callback is called when it is. */
  override createConnection(options: AgentOptions, callback?: Created): Duplex | null | undefined {
    const done: Created = callback ?? (() => undefined);
    let begun = false;
    const inspect: Created = (error, socket) => {
      if (begun) return;
      begun = true;
      if (error) done(error, socket);
      else if (socket instanceof TLSSocket) this.#inspect(socket, done);
      else done(new PinError('the connection is not TLS'), socket);
    };
    const made = super.createConnection({ ...options, rejectUnauthorized: false }, inspect) as Socket | undefined;
    // through a proxy what is returned is the way to the proxy, and the callback brings the TLS socket
    if (made instanceof TLSSocket) inspect(null, made);
    return undefined;
  }

  #inspect(socket: TLSSocket, done: Created): void {
    const finish = (error: Error | null): void => {
      clearTimeout(timer);
      socket.off('secureConnect', check);
      socket.off('error', finish);
      if (error) socket.destroy();
      done(error, socket);
    };
    const check = (): void => {
      const vouched = this.#trust.pinOrAuthority === true && (socket.authorized || this.#trust.insecure === true);
      finish(vouched ? null : pinFailure(socket, this.#trust.pins));
    };
    const timer = setTimeout(
      () => finish(new PinError(`no TLS handshake within ${this.#trust.timeoutMs} ms`)),
      this.#trust.timeoutMs,
    );
    socket.once('error', finish);
    // getProtocol is null until the handshake is over
    if (socket.getProtocol() !== null && !socket.connecting) check();
    else socket.once('secureConnect', check);
  }
}

/** Why the peer of a connected socket is not one of the pinned, or null. */
function pinFailure(socket: TLSSocket, pins: readonly string[]): PinError | null {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return new PinError('the server showed no certificate');
  const fingerprint = createHash('sha256').update(certificate.raw).digest('hex');
  if (pins.includes(fingerprint)) return null;
  return new PinError(`the server's certificate has the SHA-256 fingerprint ${fingerprint}, which is not pinned`);
}
