/** Names to addresses through the resolvers of resolv.conf, with a line for each thing that happened. */
import { isIP } from 'node:net';
import type { Answer, RecordType } from 'dns-packet';
import { query, type DecodedPacket, type Resolver } from './resolver.ts';
import { searchNames, type ResolvConf } from '../../platform/resolv-conf.ts';

export interface DnsOptions {
  readonly conf: ResolvConf;
  /** 53; another one for tests, because resolv.conf cannot name a port. */
  readonly port?: number;
  readonly signal?: AbortSignal;
}

interface DnsLookup<T> {
  readonly found: readonly T[];
  /** The name that had the answer, after the search list. */
  readonly name: string;
  /** Seconds for which the answer holds: the smallest TTL on the way. Undefined when nothing was found. */
  readonly ttl: number | undefined;
  /** What was asked and answered, in words. */
  readonly trace: readonly string[];
}

interface ServiceTarget {
  readonly host: string;
  readonly port: number;
}

const LONGEST_CHAIN = 8;

/** IPv4 addresses of a name, then IPv6 ones. Never throws but for an abort. */
export async function lookupAddresses(name: string, options: DnsOptions): Promise<DnsLookup<string>> {
  const trace: string[] = [];
  for (const full of searchNames(name, options.conf)) {
    const v4 = await ask(full, 'A', options, trace);
    const v6 = v4.unreachable ? v4 : await ask(full, 'AAAA', options, trace);
    const found = [...v4.answers, ...v6.answers].map((answer) => shown(answer));
    if (found.length > 0) return { found, name: full, ttl: Math.min(v4.ttl, v6.ttl), trace };
    if (v4.unreachable) break; // no resolver answers: other names will not fare better
  }
  return { found: [], name, ttl: undefined, trace };
}

/** Targets of an SRV name in order of priority, heavier ones first (RFC 2782, without the lottery). */
export async function lookupService(name: string, options: DnsOptions): Promise<DnsLookup<ServiceTarget>> {
  const trace: string[] = [];
  for (const full of searchNames(name, { ...options.conf, ndots: 99 })) {
    const srv = await ask(full, 'SRV', options, trace);
    const targets = srv.answers
      .map((answer) => (answer.type === 'SRV' ? answer.data : undefined))
      .filter((data) => data !== undefined && data.target !== '.' && data.target !== '')
      .sort((a, b) => (a?.priority ?? 0) - (b?.priority ?? 0) || (b?.weight ?? 0) - (a?.weight ?? 0))
      .map((data) => ({ host: data?.target ?? '', port: data?.port ?? 0 }));
    if (targets.length > 0) return { found: targets, name: full, ttl: srv.ttl, trace };
    if (srv.unreachable) break;
  }
  return { found: [], name, ttl: undefined, trace };
}

interface Asked {
  readonly answers: readonly Answer[];
  readonly ttl: number;
  /** No resolver gave any answer. */
  readonly unreachable: boolean;
}

/** One name and type, along its CNAME chain. */
async function ask(name: string, type: RecordType, options: DnsOptions, trace: string[]): Promise<Asked> {
  let ttl = Infinity;
  let current = name;
  const seen = new Set<string>();
  for (let step = 0; step < LONGEST_CHAIN; step++) {
    const packet = await askResolvers(current, type, options, trace);
    if (typeof packet === 'string') return { answers: [], ttl, unreachable: packet === 'silence' };
    const chain = followChain(current, type, packet);
    ttl = Math.min(ttl, chain.ttl);
    if (chain.answers.length > 0) {
      trace.push(`${type} ${name}: ${chain.answers.map(shown).join(', ')} (for ${ttl} s)`);
      return { answers: chain.answers, ttl, unreachable: false };
    }
    if (chain.name === current || seen.has(chain.name)) {
      const why =
        chain.name === current ? `${packet.rcode === 'NOERROR' ? 'no such record' : packet.rcode}` : 'a ring of CNAMEs';
      trace.push(`${type} ${name}: ${why}`);
      return { answers: [], ttl, unreachable: false };
    }
    seen.add(current);
    current = chain.name;
  }
  trace.push(`${type} ${name}: more than ${LONGEST_CHAIN} CNAMEs`);
  return { answers: [], ttl, unreachable: false };
}

function shown(answer: Answer): string {
  return answer.type === 'SRV'
    ? `${answer.data.target}:${answer.data.port}`
    : String((answer as { data: unknown }).data);
}

/** Follows CNAMEs inside one packet; `name` is where the chain ends. Rings end at the bound. */
function followChain(
  start: string,
  type: RecordType,
  packet: DecodedPacket,
): { name: string; answers: readonly Answer[]; ttl: number } {
  let name = start.toLowerCase();
  let ttl = Infinity;
  const records = packet.answers ?? [];
  for (let step = 0; step < LONGEST_CHAIN; step++) {
    const own = records.filter((record) => record.name.toLowerCase() === name);
    const answers = own.filter((record) => record.type === type);
    if (answers.length > 0) return { name, answers, ttl: Math.min(ttl, ...answers.map(ttlOf)) };
    const alias = own.find((record) => record.type === 'CNAME');
    if (alias?.type !== 'CNAME') break;
    ttl = Math.min(ttl, ttlOf(alias));
    name = alias.data.toLowerCase();
  }
  return { name, answers: [], ttl };
}

function ttlOf(answer: Answer): number {
  return 'ttl' in answer && typeof answer.ttl === 'number' ? answer.ttl : 0;
}

/**
 * A cut record becomes `192.0.2.undefined` in dns-packet without an error; filtering resolvers answer 0.0.0.0 and ::, which are
 * this machine itself.
 */
function isGarbage(packet: DecodedPacket): boolean {
  return (packet.answers ?? []).some((answer) => {
    if (answer.type !== 'A' && answer.type !== 'AAAA') return false;
    return isIP(answer.data) !== (answer.type === 'A' ? 4 : 6) || answer.data === '0.0.0.0' || answer.data === '::';
  });
}

/**
 * Goes through the resolvers until one answers. SERVFAIL and REFUSED are no answer, but a sign of life: another name or type may
 * fare better there (a forwarder without a way out refuses A of a name of which it knows an AAAA).
 */
async function askResolvers(
  name: string,
  type: RecordType,
  options: DnsOptions,
  trace: string[],
): Promise<DecodedPacket | 'silence' | 'refused'> {
  let result: 'silence' | 'refused' = 'silence';
  for (let attempt = 0; attempt < options.conf.attempts; attempt++) {
    for (const address of options.conf.nameservers) {
      const resolver: Resolver = { address, port: options.port ?? 53 };
      const reply = await query(resolver, {
        name,
        type,
        timeoutMs: options.conf.timeoutMs,
        signal: options.signal,
      });
      if ('failure' in reply) trace.push(`${type} ${name}: resolver ${address}: ${reply.failure}`);
      else if (isGarbage(reply.packet))
        trace.push(`${type} ${name}: resolver ${address}: an answer that is not an address of a host`);
      else if (reply.packet.rcode === 'NOERROR' || reply.packet.rcode === 'NXDOMAIN') return reply.packet;
      else {
        trace.push(`${type} ${name}: resolver ${address} answers ${reply.packet.rcode}`);
        result = 'refused';
      }
    }
  }
  return result;
}
