/** The checks on the wire: DNS, server, TCP, TLS and clock, HTTP, reply. */
import { connect } from 'node:net';
import { errnoOf, messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import type { Dialect, NodeReport } from '../servers/dialect.ts';
import { withoutDnsRemedy, wrongPortRemedy } from '../servers/remedies.ts';
import type { ServerDescriptor } from '../servers/server.ts';
import type { ResolvConf } from '../../platform/resolv-conf.ts';
import { query } from '../discovery/resolver.ts';
import type { HttpClient } from '../http/http-client.ts';
import { offsetInWords } from '../http/tls/clock-offset.ts';
import { PinError } from '../http/tls/tls-options.ts';
import type { CheckResult } from './check.ts';

const DNS_TIMEOUT_MS = 2000;
const TCP_TIMEOUT_MS = 5000;
/** A clock that is further off than this breaks certificates sooner or later. */
const CLOCK_OFF_MS = 60_000;

interface DnsCheck {
  /** Which kind of server the node is given to. */
  readonly descriptor: ServerDescriptor;
  /** What is asked for. */
  readonly name: string;
  /** The server can only be found through DNS. */
  readonly needed: boolean;
  readonly port?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Asks each resolver of resolv.conf. Any answer, also that there is no such name, is a living resolver. */
export async function checkDns(conf: ResolvConf, check: DnsCheck): Promise<CheckResult> {
  const asked = await Promise.all(conf.nameservers.map((address) => askResolver(address, check)));
  const dead = asked.filter((answer) => answer.dead);
  const found = asked.map(({ address, note }) => `${address} ${note}`).join('; ');
  if (dead.length === 0) return { name: 'DNS', state: 'ok', found, remedy: '' };
  const all = dead.length === asked.length;
  const whom = dead.map(({ address }) => address).join(', ');
  const mend = dead.every(({ note }) => note.startsWith('is dead'))
    ? `Start or replace the DNS server ${whom}`
    : `Correct the DNS server ${whom}: the clients that it serves, and the servers that it asks`;
  const without = withoutDnsRemedy(check.descriptor);
  const remedy = conf.named
    ? `${mend}, or have DHCP name another one (option 6); ${without}.`
    : `No DNS server is named: have DHCP name one (option 6); ${without}.`;
  return { name: 'DNS', state: all && check.needed ? 'broken' : 'note', found, remedy };
}

interface ResolverAnswer {
  readonly address: string;
  readonly dead: boolean;
  /** In words, to stand behind the address. */
  readonly note: string;
}

async function askResolver(address: string, { name, port = 53, signal }: DnsCheck): Promise<ResolverAnswer> {
  const result = await query({ address, port }, { name, type: 'A', timeoutMs: DNS_TIMEOUT_MS, signal });
  if ('failure' in result) return { address, dead: true, note: `is dead: ${result.failure}` };
  const { rcode } = result.packet;
  if (rcode === 'REFUSED') return { address, dead: true, note: 'refuses to answer this machine (REFUSED)' };
  if (rcode === 'SERVFAIL') return { address, dead: true, note: 'cannot look names up (SERVFAIL)' };
  return { address, dead: false, note: `answers (${rcode})` };
}

interface TcpCheck {
  /** Where the address comes from. */
  readonly source: string;
  /** Which kind of server that is; undefined for the proxy before it. */
  readonly descriptor?: ServerDescriptor;
}

/** Opens a connection and closes it again. */
export async function checkTcp(host: string, port: number, { source, descriptor }: TcpCheck): Promise<CheckResult> {
  const what = `${descriptor === undefined ? 'the proxy ' : ''}${host} port ${port}`;
  const failure = await connectionFailure(host, port);
  if (failure === undefined) return { name: 'TCP', state: 'ok', found: `${what} answers`, remedy: '' };
  const { found, remedy } =
    failure === 'ECONNREFUSED'
      ? {
          found: 'refuses connections: nothing listens there',
          remedy: descriptor === undefined ? 'Start it, or correct its port.' : wrongPortRemedy(descriptor),
        }
      : (TCP_FAILURES[failure] ?? {
          found: `fails: ${failure}`,
          remedy: 'Check the server, its port and the path to it.',
        });
  return {
    name: 'TCP',
    state: 'broken',
    found: `${what} ${found}`,
    remedy: `${remedy} The address comes from: ${source}.`,
  };
}

const TCP_FAILURES: Readonly<Record<string, { readonly found: string; readonly remedy: string }>> = {
  ETIMEDOUT: {
    found: 'does not answer',
    remedy: 'Check that the server is up, and the firewalls in between: packets to it are lost.',
  },
  EHOSTUNREACH: {
    found: 'cannot be reached: no host of that address answers',
    remedy: 'Check the address, and the server’s own network.',
  },
  ENETUNREACH: { found: 'cannot be reached: there is no route', remedy: 'Check the default route.' },
};

/** The error code of a connection, or its message; undefined when it was made. */
async function connectionFailure(host: string, port: number): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port, timeout: TCP_TIMEOUT_MS });
    const end = (failure: string | undefined): void => {
      socket.destroy();
      resolve(failure);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end('ETIMEDOUT'));
    socket.once('error', (error) => end(errnoOf(error) ?? messageOf(error)));
  });
}

/** One request; says something about TLS, clock and HTTP at once. */
export async function checkHttp(
  url: string,
  http: HttpClient,
  wall: () => Date,
): Promise<readonly [CheckResult, CheckResult]> {
  const secure = url.startsWith('https:');
  try {
    const reply = await http.request({ method: 'GET', url: `${url}/`, limit: 1024 * 1024 });
    const date = Date.parse(reply.headers.date ?? '');
    const tls = secure || !Number.isNaN(date) ? clockResult(secure, wall().getTime() - date) : PLAIN_HTTP;
    return [tls, statusResult(reply.status, reply.durationMs)];
  } catch (error) {
    return failedHttp(error, secure);
  }
}

const PLAIN_HTTP: CheckResult = {
  name: 'TLS and clock',
  state: 'skipped',
  found: 'the server speaks plain HTTP',
  remedy: '',
};

/** `offsetMs` is how far our clock is ahead of the server's; NaN where the server sent no time. */
function clockResult(secure: boolean, offsetMs: number): CheckResult {
  const off = Math.abs(offsetMs) > CLOCK_OFF_MS;
  const clock = Number.isNaN(offsetMs)
    ? 'the server sends no time'
    : off
      ? `our clock is ${offsetInWords(offsetMs)}`
      : 'our clock agrees with the server’s';
  return {
    name: 'TLS and clock',
    state: off ? 'note' : 'ok',
    found: `${secure ? 'the certificate is trusted' : 'plain HTTP'}; ${clock}`,
    remedy: off ? 'Name an NTP server (razor.ntp= on the kernel line), or set the clock in the firmware setup.' : '',
  };
}

function statusResult(status: number, durationMs: number): CheckResult {
  const ill = status >= 500;
  return {
    name: 'HTTP',
    state: ill ? 'note' : 'ok',
    found: `HTTP ${status} after ${Math.round(durationMs)} ms`,
    remedy: ill ? 'Look at the server’s log; with 502 to 504 a gateway does not reach what is behind it.' : '',
  };
}

function failedHttp(error: unknown, secure: boolean): readonly [CheckResult, CheckResult] {
  const other = error instanceof RazorMkError ? error.remedy : 'Look at the server’s log.';
  const cut = !secure && /^(ECONNRESET|ERR_STREAM_PREMATURE_CLOSE)$/.test(errnoOf(errorCause(error)) ?? '');
  const remedy = cut ? 'If the server speaks https there, write https://HOST:PORT; else look at its log.' : other;
  const broken = { state: 'broken', found: messageOf(error), remedy } as const;
  if (secure && isTlsFailure(error)) {
    const later: CheckResult = { name: 'HTTP', state: 'skipped', found: 'not looked at', remedy: '' };
    return [{ name: 'TLS and clock', ...broken }, later];
  }
  const made: CheckResult = reachedNobody(error)
    ? { ...PLAIN_HTTP, found: 'nobody was reached' }
    : { ...PLAIN_HTTP, state: 'ok', found: 'the connection was made' };
  return [secure ? made : PLAIN_HTTP, { name: 'HTTP', ...broken }];
}

/**
 * A first check-in: servers of the Razor and Hanlon dialects answer it `register` and keep nothing of it
 * (docs/contracts/razor-0.x.md#check-in). Those that store what they are sent are not asked.
 */
export async function checkReply(
  descriptor: ServerDescriptor,
  dialect: Dialect,
  report: NodeReport,
): Promise<CheckResult> {
  const storedBy = descriptor.turns === undefined ? 'register' : descriptor.turns.storedBy;
  if (storedBy !== undefined) {
    const found = `${descriptor.name} would store what it is sent: use razor-mk ${storedBy}`;
    return { name: 'reply', state: 'skipped', found, remedy: '' };
  }
  try {
    const { command } = await dialect.checkin({ ...report, firstCheckin: true });
    const found = `the server says ${command.name} to ${dialect.nodeId(report.identity)}`;
    return { name: 'reply', state: 'ok', found, remedy: '' };
  } catch (error) {
    const { remedy } = error instanceof RazorMkError ? error : { remedy: 'Look at the server’s log.' };
    return { name: 'reply', state: 'broken', found: messageOf(error), remedy };
  }
}

const errorCause = (error: unknown): unknown => (error instanceof Error ? error.cause : undefined);

/** A failure before any handshake. */
function reachedNobody(error: unknown): boolean {
  const codes = [errnoOf(error), errnoOf(errorCause(error))];
  return codes.some((code) => /^(ERR_PROXY|ECONNREFUSED|E(HOST|NET)UNREACH|ENOTFOUND|EAI_)/.test(code ?? ''));
}

/** Codes of Node's TLS and of X.509 checking; a pin that did not match; settings of trust that cannot be used. */
function isTlsFailure(error: unknown): boolean {
  for (let current = error, depth = 0; current instanceof Error && depth < 5; current = current.cause, depth++) {
    if (current instanceof PinError || errnoOf(current) === 'RAZOR_MK_TRUST') return true;
    if (/CERT|SELF_SIGNED|UNABLE_TO|ERR_TLS|ERR_SSL|EPROTO|HOSTNAME/.test(errnoOf(current) ?? '')) return true;
  }
  return false;
}
