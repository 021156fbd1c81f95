/** The agent's API where the conductor reaches it: address, port, key and certificate, which stay the same for one operation. */
import { X509Certificate } from 'node:crypto';
import { hostname } from 'node:os';
import { messageOf, RazorMkError } from '../../../../platform/errors/errors.ts';
import { makeCertificate } from '../../../http/tls/certificate.ts';
import { startCommandServer, type CommandServer } from '../commands/command-listener.ts';
import type { Executor } from '../commands/executor.ts';
import type { IronicJob, Params } from '../ironic-options.ts';
import type { IronicParameters } from '../ironic-parameters.ts';
import type { Memory } from '../ironic-state.ts';
import { advertisedAddress, listenAddress } from './callback-address.ts';

/** ironic-python-agent's. */
const PORT = 9999;
/** Conductors of this API version and newer send the token with every GET. */
const READS_WITH_TOKEN = 95;
const LISTEN_AGAIN_MS = 10_000;
const DAY_MS = 86_400_000;

interface ListenRequest {
  readonly options: IronicJob;
  readonly parameters: IronicParameters;
  readonly memory: Memory;
  readonly executor: Executor;
  readonly apiUrl: string;
  /** The N of the server's 1.N. */
  readonly apiVersion: number | undefined;
  /** `config` of the lookup. */
  readonly config: Params;
  readonly token: () => string | undefined;
  readonly onError: (error: unknown) => void;
}

interface ConductorListener {
  readonly server: CommandServer;
  /** `https://10.0.0.7:9999` */
  readonly callbackUrl: string;
  /** PEM, which the conductor is to trust. */
  readonly certificate: string;
}

/** Listens; tries again until it can. Rejects only when it is stopped. */
export async function listenForConductor(request: ListenRequest): Promise<ConductorListener> {
  const { clock, say, signal } = request.options;
  for (;;) {
    try {
      return await listenOnce(request);
    } catch (error) {
      signal.throwIfAborted();
      request.onError(error);
      say(`Ironic cannot reach this node: ${messageOf(error)}; tried again in ${LISTEN_AGAIN_MS / 1000} s`);
      await clock.sleep(LISTEN_AGAIN_MS, signal);
    }
  }
}

async function listenOnce(request: ListenRequest): Promise<ConductorListener> {
  const { options, parameters, memory, executor, apiUrl, token } = request;
  const { clock, log, settings, signal } = options;
  const address = parameters.advertiseHost ?? (await advertisedAddress(apiUrl, { clock, signal }));
  const { key, certificate } = identityFor(address, request);
  const server = await startCommandServer({
    host: parameters.listenHost ?? listenAddress(address),
    port: portFor(request, address),
    tls: { key, certificate, ...tlsWords(request.config, parameters.minTls) },
    executor,
    token,
    strict: settings.ironicStrict || (request.apiVersion ?? 0) >= READS_WITH_TOKEN,
    startedAt: clock.wall().getTime() / 1000,
    log: log.child('ironic'),
  });
  memory.keep({ port: server.port });
  const host = address.includes(':') ? `[${address}]` : address;
  return { server, certificate, callbackUrl: `https://${host}:${parameters.advertisePort || server.port}` };
}

/** Key and certificate of before, as long as they are for this address and good for a day more; else new ones, which are kept. */
function identityFor(
  address: string,
  { memory, options, parameters }: ListenRequest,
): { readonly key: string; readonly certificate: string } {
  const { key, certificate, address: before } = memory.value;
  const now = options.clock.wall();
  if (key !== undefined && certificate !== undefined && before === address) {
    const left = Date.parse(new X509Certificate(certificate).validTo) - now.getTime();
    if (left > DAY_MS) return { key, certificate };
  }
  const made = makeCertificate({ name: hostname(), address, curve: parameters.curve, now });
  memory.keep({ ...made, address });
  return made;
}

/** What the kernel line says; of before, because the URL must not change; IPA's own with --live; a free one without. */
function portFor({ parameters, memory, options }: ListenRequest, address: string): number {
  if (parameters.listenPort !== undefined) return parameters.listenPort;
  if (options.system.live) return PORT;
  return memory.value.address === address ? (memory.value.port ?? 0) : 0;
}

interface TlsWords {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's form; undefined for Node's own. */
  readonly ciphers: string | undefined;
}

/**
 * What the server asks of the node's TLS (`tls_min_version`, `tls_cipher_suites` of the lookup), and the kernel line; the stricter
 * version counts. Cipher suites are for TLS 1.2 (ironic-python-agent, utils.py: create_ssl_context). Throws RAZOR_MK_REPLY for
 * words that cannot be obeyed.
 */
export function tlsWords(config: Params, kernel: TlsWords['minVersion']): TlsWords {
  const { tls_min_version: version, tls_cipher_suites: ciphers } = config;
  if (version !== undefined && version !== null && version !== '1.2' && version !== '1.3') {
    throw new RazorMkError(
      'RAZOR_MK_REPLY',
      `the server asks for TLS ${JSON.stringify(version).slice(0, 40)} at least`,
    );
  }
  const minVersion = version === '1.3' || kernel === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2';
  if (ciphers === undefined || ciphers === null || ciphers === '') return { minVersion, ciphers: undefined };
  if (typeof ciphers !== 'string' || !/^[\w!+@=:, -]{1,2000}$/.test(ciphers)) {
    throw new RazorMkError('RAZOR_MK_REPLY', 'tls_cipher_suites of the server is not a list of cipher suites');
  }
  return { minVersion, ciphers: ciphers.replaceAll(/[\s,]+/g, ':') };
}
