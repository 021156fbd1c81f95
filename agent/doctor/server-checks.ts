/** The checks on the wire: DNS, server, TCP, TLS and clock, HTTP, reply. */
import { connect } from 'node:net';
import { errnoOf, messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import type { Dialect, NodeReport } from '../servers/dialect.ts';
import type { ResolvConf } from '../discovery/resolv-conf.ts';
import { query } from '../discovery/resolver.ts';
import type { HttpClient } from '../http/http-client.ts';
import { offsetInWords } from '../http/tls/tls-failure.ts';
import { PinError } from '../http/tls/tls-options.ts';
import type { CheckResult } from './check.ts';

const DNS_TIMEOUT_MS = 2000;
const TCP_TIMEOUT_MS = 5000;
/** A clock that is further off than this breaks certificates sooner or later. */
const CLOCK_OFF_MS = 60_000;

/**
 * Asks each resolver of resolv.conf. Any answer, also that there is no such name, is a living resolver. `needed` says
 * whether the server can only be found through DNS.
 */
export async function checkDns(
  conf: ResolvConf,
  options: {
    readonly name: string;
    readonly needed: boolean;
    readonly named: boolean;
    readonly port?: number;
    readonly signal?: AbortSignal;
  },
): Promise<CheckResult> {
  const asked = await Promise.all(
    conf.nameservers.map(async (address) => {
      const resolver = { address, port: options.port ?? 53 };
      const question = {
        name: options.name,
        type: 'A' as const,
        timeoutMs: DNS_TIMEOUT_MS,
        ...(options.signal ? { signal: options.signal } : {}),
      };
      const result = await query(resolver, question);
      if ('failure' in result) return { address, dead: true, note: `is dead: ${result.failure}` };
      const { rcode } = result.packet;
      if (rcode === 'REFUSED') return { address, dead: true, note: 'refuses to answer this machine (REFUSED)' };
      if (rcode === 'SERVFAIL') return { address, dead: true, note: 'cannot look names up (SERVFAIL)' };
      return { address, dead: false, note: `answers (${rcode})` };
    }),
  );
  const dead = asked.filter((answer) => answer.dead);
  const found = asked.map(({ address, note }) => `${address} ${note}`).join('; ');
  if (dead.length === 0) return { name: 'DNS', state: 'ok', found, remedy: '' };
  const all = dead.length === asked.length;
  const whom = dead.map(({ address }) => address).join(', ');
  const mend = dead.every(({ note }) => note.startsWith('is dead'))
    ? `Start or replace the DNS server ${whom}`
    : `Correct the DNS server ${whom}: the clients that it serves, and the servers that it asks`;
  const remedy = options.named
    ? `${mend}, or have DHCP name another one (option 6); razor.ip= on the kernel line needs no DNS.`
    : 'No DNS server is named: have DHCP name one (option 6), or give razor.ip= on the kernel line, which needs no DNS.';
  return { name: 'DNS', state: all && options.needed ? 'broken' : 'note', found, remedy };
}

/** Opens a connection and closes it again. `way` is where the address comes from; `who` comes before it in messages. */
export async function checkTcp(host: string, port: number, way: string, who = ''): Promise<CheckResult> {
  const what = `${who}${host} port ${port}`;
  const failure = await new Promise<string | undefined>((resolve) => {
    const socket = connect({ host, port, timeout: TCP_TIMEOUT_MS });
    const end = (why: string | undefined): void => {
      socket.destroy();
      resolve(why);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end('ETIMEDOUT'));
    socket.once('error', (error) => end(errnoOf(error) ?? messageOf(error)));
  });
  if (failure === undefined) return { name: 'TCP', state: 'ok', found: `${what} answers`, remedy: '' };
  const told: Readonly<Record<string, readonly [string, string]>> = {
    ECONNREFUSED: [
      'refuses connections: nothing listens there',
      who === ''
        ? 'Start the provisioning server, or correct the port (razor.ip=HOST:PORT).'
        : 'Start it, or correct its port.',
    ],
    ETIMEDOUT: [
      'does not answer',
      'Check that the server is up, and the firewalls on the way: packets to it are lost.',
    ],
    EHOSTUNREACH: [
      'cannot be reached: no host of that address answers',
      'Check the address, and the server’s own network.',
    ],
    ENETUNREACH: ['cannot be reached: there is no route', 'Check the default route.'],
  };
  const [found, remedy] = told[failure] ?? [`fails: ${failure}`, 'Check the server, its port and the way to it.'];
  return {
    name: 'TCP',
    state: 'broken',
    found: `${what} ${found}`,
    remedy: `${remedy} The address comes from: ${way}.`,
  };
}

/** One request; says something about TLS, clock and HTTP at once. */
export async function checkHttp(
  url: string,
  http: HttpClient,
  wall: () => Date,
): Promise<readonly [CheckResult, CheckResult]> {
  const secure = url.startsWith('https:');
  const noTls: CheckResult = {
    name: 'TLS and clock',
    state: 'skipped',
    found: 'the server speaks plain HTTP',
    remedy: '',
  };
  try {
    const reply = await http.request({ method: 'GET', url: `${url}/`, limit: 1024 * 1024 });
    const date = Date.parse(reply.headers.date ?? '');
    const offsetMs = Number.isNaN(date) ? 0 : wall().getTime() - date;
    const off = Math.abs(offsetMs) > CLOCK_OFF_MS;
    const clock = Number.isNaN(date)
      ? 'the server tells no time'
      : off
        ? `our clock is ${offsetInWords(offsetMs)}`
        : 'our clock agrees with the server’s';
    const tls: CheckResult = {
      name: 'TLS and clock',
      state: off ? 'note' : 'ok',
      found: `${secure ? 'the certificate is trusted' : 'plain HTTP'}; ${clock}`,
      remedy: off ? 'Name an NTP server (razor.ntp= on the kernel line), or set the clock in the firmware setup.' : '',
    };
    const ill = reply.status >= 500;
    const http1: CheckResult = {
      name: 'HTTP',
      state: ill ? 'note' : 'ok',
      found: `HTTP ${reply.status} after ${Math.round(reply.durationMs)} ms`,
      remedy: ill ? 'Look at the server’s log; with 502 to 504 a gateway does not reach what is behind it.' : '',
    };
    return [secure || !Number.isNaN(date) ? tls : noTls, http1];
  } catch (error) {
    const other = error instanceof RazorMkError ? error.remedy : 'Look at the server’s log.';
    const cut = !secure && /^(ECONNRESET|ERR_STREAM_PREMATURE_CLOSE)$/.test(errnoOf(errorCause(error)) ?? '');
    const remedy = cut ? 'If the server speaks https there, write https://HOST:PORT; else look at its log.' : other;
    const broken = { state: 'broken', found: messageOf(error), remedy } as const;
    const isTls = secure && isTlsFailure(error);
    const later: CheckResult = { name: 'HTTP', state: 'skipped', found: 'not looked at', remedy: '' };
    if (isTls) return [{ name: 'TLS and clock', ...broken }, later];
    const made: CheckResult = reachedNobody(error)
      ? { ...noTls, found: 'nobody was reached' }
      : { ...noTls, state: 'ok', found: 'the connection was made' };
    return [secure ? made : noTls, { name: 'HTTP', ...broken }];
  }
}

/**
 * A first check-in: servers of the Razor and Hanlon dialects answer it `register` and keep nothing of it
 * (docs/contracts/razor-0.x.md#check-in). razor-server stores what it is sent, so it is not asked.
 */
export async function checkReply(dialect: Dialect, report: NodeReport): Promise<CheckResult> {
  if (dialect.name === 'razor-server' || dialect.asks === false) {
    const verb = dialect.name === 'razor-server' ? 'checkin' : 'register';
    const found = `${dialect.name} would store what it is sent: use razor-mk ${verb}`;
    return { name: 'reply', state: 'skipped', found, remedy: '' };
  }
  try {
    const { command } = await dialect.checkin({ ...report, firstCheckin: true });
    return {
      name: 'reply',
      state: 'ok',
      found: `the server says ${command.name} to ${dialect.nodeId(report.identity)}`,
      remedy: '',
    };
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
