/**
 * Where the provisioning server is. In order: option, the kernel line's keys of that kind of server, environment,
 * configuration file, its DNS name, its DHCP options, the next-server file, its SRV record, and the words of the link's other DHCP
 * servers. Every step leaves a trace. The first source that gives an address counts, and those behind it are asked only when it led to no server.
 */
import { RazorMkError } from '../../platform/errors/errors.ts';
import { readCapped } from '../../platform/files.ts';
import { redactText } from '../../platform/log/redact.ts';
import type { CommandLine } from '../../platform/kernel-line.ts';
import { notFoundRemedy } from '../servers/remedies.ts';
import type { DiscoveryRules, LeaseSource, ServerDescriptor } from '../servers/server.ts';
import { addressFault, baseUrl, ipFamilyOf, parseAddress, type ServerAddress } from './address.ts';
import type { Candidate, Discovery, DiscoveryStep } from './candidate.ts';
import type { DhcpWord } from './dhcp-inform.ts';
import { lookupAddresses, lookupService, type DnsOptions } from './dns.ts';
import { parseNextServer } from './next-server.ts';
import { parseResolvConf } from '../../platform/resolv-conf.ts';

export interface DiscoveryOptions {
  /** Which kind of server is looked for. */
  readonly descriptor: Pick<ServerDescriptor, 'address' | 'discovery'>;
  /** The port of an address that has none, where somebody set one; else the descriptor's. */
  readonly port?: number | undefined;
  readonly kernel: CommandLine;
  /** Addresses of `--server`, of the environment and of the configuration file: candidates in their order. */
  readonly option?: readonly string[];
  readonly environment?: readonly string[];
  readonly configFile?: readonly string[];
  readonly resolvConf: string;
  readonly nextServerFile: string;
  readonly dnsPort?: number | undefined;
  /** What every DHCP server of the link says, of a machine that may ask (dhcp-inform.ts); asked last of all. */
  readonly dhcpServers?: ((signal?: AbortSignal) => Promise<readonly DhcpWord[]>) | undefined;
  /** URLs that were tried and did not answer: a source that leads to no others is followed by the next one. */
  readonly unanswered?: ReadonlySet<string> | undefined;
  readonly signal?: AbortSignal;
}

/** Finds candidates. Throws RAZOR_MK_NO_SERVER, with every step in its message, when no source gives one. */
export async function discover(options: DiscoveryOptions): Promise<Discovery> {
  const { descriptor, kernel, unanswered } = options;
  if (descriptor.discovery.find !== undefined) return await descriptor.discovery.find(kernel);
  const search: Search = { options, rules: descriptor.discovery, steps: [] };
  for (const note of kernel.notes) trace(search, 'kernel line', note);
  let tried: readonly Candidate[] | undefined;
  for (const source of sourcesOf(search.rules)) {
    options.signal?.throwIfAborted();
    const candidates = await source(search);
    const first = candidates[0];
    if (first === undefined) continue;
    const fresh = candidates.filter(({ url }) => unanswered?.has(url) !== true);
    const rest = candidates.filter((candidate) => !fresh.includes(candidate));
    if (fresh.length > 0) return { candidates: [...fresh, ...rest], steps: search.steps };
    tried ??= candidates;
    if (isFinal(first)) break;
    trace(search, first.source, 'did not answer: the next source is asked');
  }
  // every source led to nothing: from the beginning
  if (tried !== undefined) return { candidates: tried, steps: search.steps };
  const steps = search.steps.map((step) => `\n    ${step.source}: ${step.note}`).join('');
  throw new RazorMkError('RAZOR_MK_NO_SERVER', `no provisioning server was found:${steps}`, {
    remedy: notFoundRemedy(descriptor, kernel),
  });
}

/** One search: what is looked for, and the trace of it. */
interface Search {
  readonly options: DiscoveryOptions;
  readonly rules: DiscoveryRules;
  readonly steps: DiscoveryStep[];
}

type Source = (search: Search) => Promise<readonly Candidate[]>;

/** Notes a step and hands on what it found. */
function trace(
  { steps }: Search,
  source: string,
  note: string,
  found: readonly Candidate[] = [],
): readonly Candidate[] {
  steps.push({ source, note, found: found.map(({ url }) => url) });
  return found;
}

/** What is asked for such a server, in order. */
function sourcesOf({ kernelKeys, dnsName, lease, nextServer, srvName }: DiscoveryRules): readonly Source[] {
  const sources: Source[] = [
    (search) => fromWritten('--server', search.options.option, search),
    ...kernelKeys.map(
      (key): Source =>
        (search) =>
          fromKernelKey(key, search),
    ),
    (search) => fromWritten('environment', search.options.environment, search),
    (search) => fromWritten('configuration file', search.options.configFile, search),
  ];
  if (dnsName !== undefined) sources.push((search) => fromDnsName(dnsName, search));
  if (lease !== undefined) sources.push((search) => fromLease(lease, search));
  if (nextServer) sources.push(fromNextServer);
  if (srvName !== undefined) sources.push((search) => fromService(srvName, search));
  if (nextServer) sources.push(fromOtherDhcp);
  return sources;
}

/**
 * Whether nobody else is asked, even if this one never answers: somebody wrote it on this machine, or it is https, which
 * must not end at a stranger's http.
 */
function isFinal({ source, url }: Candidate): boolean {
  return ['--server', 'environment', 'configuration file'].includes(source) || url.startsWith('https:');
}

async function fromWritten(
  source: string,
  texts: readonly string[] | undefined,
  search: Search,
): Promise<readonly Candidate[]> {
  return texts === undefined || texts.length === 0 ? [] : await writtenCandidates(source, texts, search);
}

async function fromKernelKey(key: string, search: Search): Promise<readonly Candidate[]> {
  const source = `kernel line ${key}`;
  const all = search.options.kernel.all(key);
  const value = all.at(-1);
  if (value === undefined) return trace(search, source, 'not given');
  if (all.length > 1)
    trace(search, source, `given ${all.length} times (${redactText(all.join(', '))}): the last one counts`);
  const texts = value.split(',').filter((text) => text !== '');
  if (texts.length === 0) return trace(search, source, 'given without a value');
  return await writtenCandidates(source, texts, search);
}

/** Addresses as somebody wrote them, names resolved. What cannot be used is traced and passed over. */
async function writtenCandidates(
  source: string,
  texts: readonly string[],
  search: Search,
): Promise<readonly Candidate[]> {
  const candidates: Candidate[] = [];
  for (const text of texts) {
    const address = readWritten(text, search.rules);
    if (address === undefined) trace(search, source, addressFault(text));
    // a URL has no place for the interface, and without it the kernel does not know where to send
    else if (address.host.includes('%'))
      trace(search, source, `${text} is an address of one link, which no URL can name`);
    else
      candidates.push(...(await candidatesAt(address, { source, given: true, note: `${text} is an address` }, search)));
  }
  return candidates;
}

/** One address, a bare one with the scheme of such servers. */
function readWritten(text: string, { scheme }: DiscoveryRules): ServerAddress | undefined {
  const address = parseAddress(text);
  if (address === undefined || scheme === undefined || /^https?:/i.test(text.trim())) return address;
  return { ...address, scheme };
}

/** Where an address comes from, and what the trace says of it when it needs no resolver. */
interface Origin {
  readonly source: string;
  readonly given: boolean;
  readonly note: string;
}

/** The candidates at an address: itself, or those that DNS has for its name. */
async function candidatesAt(address: ServerAddress, origin: Origin, search: Search): Promise<readonly Candidate[]> {
  const { options, rules } = search;
  const { source, given, note } = origin;
  const port = options.port ?? rules.defaultPort;
  if (ipFamilyOf(address.host) !== 0)
    return trace(search, source, note, [{ url: baseUrl(address, port), source, given }]);
  const lookup = await lookupAddresses(address.host, await dnsOptions(options));
  // the certificate, and among Foreman's web servers the virtual host, is for the name
  const byName = address.scheme === 'https' || rules.keepsName === true;
  const candidates = lookup.found.map((ip): Candidate => {
    const more = { source, given, ttl: lookup.ttl };
    if (byName) return { url: baseUrl(address, port), address: ip, ...more };
    return { url: baseUrl(address, port, ip), ...more };
  });
  const asked = lookup.trace.join('; ') || 'no resolver was asked';
  const named = source === dnsNameSource(address.host) ? asked : `name ${address.host}: ${asked}`;
  return trace(search, source, named, candidates);
}

function dnsNameSource(name: string): string {
  return `DNS name ${name}`;
}

async function fromDnsName(name: string, search: Search): Promise<readonly Candidate[]> {
  const address: ServerAddress = { scheme: 'http', host: name, port: undefined, path: '' };
  return await candidatesAt(address, { source: dnsNameSource(name), given: false, note: '' }, search);
}

async function fromLease({ source, read }: LeaseSource, search: Search): Promise<readonly Candidate[]> {
  const { address, note } = await read(search.options.nextServerFile);
  if (address === undefined) return trace(search, source, note);
  return await candidatesAt(address, { source, given: false, note }, search);
}

async function fromNextServer(search: Search): Promise<readonly Candidate[]> {
  const source = 'next-server file';
  const { nextServerFile: path } = search.options;
  const bytes = await readCapped(path, 8192).catch((error: unknown) => error as Error);
  if (bytes === undefined) return trace(search, source, `${path} does not exist`);
  if (bytes instanceof Error) return trace(search, source, bytes.message);
  const address = parseNextServer(bytes);
  if ('wrong' in address) return trace(search, source, `${path} ${address.wrong}`);
  return await candidatesAt(address, { source, given: false, note: `${path} holds ${address.host}` }, search);
}

/** The lease is of the DHCP server that was first; another one may name another next-server. */
async function fromOtherDhcp(search: Search): Promise<readonly Candidate[]> {
  const { dhcpServers, signal } = search.options;
  if (dhcpServers === undefined) return [];
  const candidates: Candidate[] = [];
  const words = await dhcpServers(signal);
  for (const { from, nextServer } of words) {
    const source = `DHCP server ${from}`;
    const address: ServerAddress = { scheme: 'http', host: nextServer, port: undefined, path: '' };
    candidates.push(...(await candidatesAt(address, { source, given: false, note: `it names ${nextServer}` }, search)));
  }
  return words.length === 0 ? trace(search, 'DHCP servers of the link', 'none names a next-server') : candidates;
}

async function fromService(name: string, search: Search): Promise<readonly Candidate[]> {
  const source = `SRV ${name}`;
  const services = await lookupService(name, await dnsOptions(search.options));
  if (services.found.length === 0) {
    return trace(search, source, services.trace.join('; ') || 'no resolver was asked');
  }
  const candidates: Candidate[] = [];
  for (const { host, port } of services.found.slice(0, 4)) {
    const scheme = search.rules.httpsPorts?.includes(port) ? 'https' : 'http';
    const address: ServerAddress = { scheme, host, port, path: '' };
    const note = `${host} is an address`;
    candidates.push(...(await candidatesAt(address, { source, given: false, note }, search)));
  }
  return candidates;
}

async function dnsOptions({ resolvConf, dnsPort, signal }: DiscoveryOptions): Promise<DnsOptions> {
  const text = await readCapped(resolvConf, 65_536).catch(() => undefined);
  return { conf: parseResolvConf(text?.toString('utf8') ?? ''), port: dnsPort, signal };
}
