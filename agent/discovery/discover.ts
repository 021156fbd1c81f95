/**
 * Where the provisioning server is. In order: option, kernel line `razor.ip`, kernel line `razor.server` by DNS,
 * environment, configuration file, the DNS name `razor`, the next-server file, and SRV `_razor._tcp`. Every step leaves
 * a trace. The first way that gives an address counts, and those behind it are asked only when it led to no server.
 */
import { RazorMkError } from '../../platform/errors/errors.ts';
import { readCapped } from '../../platform/files.ts';
import { redactText } from '../../platform/log/redact.ts';
import type { DiscoveryStep } from '../loop/events.ts';
import { baseUrl, familyOf, parseAddress, type ServerAddress } from './address.ts';
import type { CommandLine } from '../kernel-line/kernel-line.ts';
import { lookupAddresses, lookupService, type DnsOptions } from './dns.ts';
import { readHanlonLease } from '../servers/hanlon/hanlon-lease.ts';
import { parseNextServer } from './next-server.ts';
import { parseResolvConf } from './resolv-conf.ts';

export interface DiscoveryOptions {
  /** The default DNS name and the SRV name's first part: `razor`; `hanlon` for that dialect. Foreman has ways of its own. */
  readonly product: 'razor' | 'hanlon' | 'foreman';
  /** Keys of the kernel line, in order: razor.ip and razor.server; razor.register before them for razor-server. */
  readonly kernelKeys: readonly string[];
  /** Where no port was written: 8026. Undefined for the scheme's own (80, 443). */
  readonly defaultPort: number | undefined;
  readonly cmdline: CommandLine;
  /** Addresses of `--server`, of the environment and of the configuration file: candidates in their order. */
  readonly option?: readonly string[];
  readonly environment?: readonly string[];
  readonly configFile?: readonly string[];
  readonly resolvConf: string;
  readonly nextServerFile: string;
  readonly dnsPort?: number;
  /** URLs that were tried and did not answer: a way that leads to no others gives way to the next one. */
  readonly unanswered?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
}

export interface Candidate {
  /** Base URL, without a slash at its end. For https the name stays in it, because the certificate is for the name. */
  readonly url: string;
  readonly way: string;
  /** Somebody wrote it down for this node (option, kernel line, environment, file); a pushed mk_uri does not replace it. */
  readonly given: boolean;
  /** The address that DNS gave for the URL's name, where the name stays in the URL. */
  readonly address?: string;
  /** Seconds for which DNS vouches for it. */
  readonly ttl?: number;
}

export interface Discovery {
  readonly candidates: readonly Candidate[];
  readonly steps: readonly DiscoveryStep[];
}

/** Finds candidates. Throws RAZOR_MK_NO_SERVER, with every step in its message, when no way gives one. */
export async function discover(options: DiscoveryOptions): Promise<Discovery> {
  const steps: DiscoveryStep[] = [];
  const trace = (way: string, note: string, candidates: readonly Candidate[] = []): readonly Candidate[] => {
    steps.push({ way, note, found: candidates.map((candidate) => candidate.url) });
    return candidates;
  };
  for (const note of options.cmdline.notes) trace('kernel line', note);
  let tried: readonly Candidate[] | undefined;
  for (const way of waysOf(options)) {
    options.signal?.throwIfAborted();
    const candidates = await way(options, trace);
    const first = candidates[0];
    if (first === undefined) continue;
    const fresh = candidates.filter(({ url }) => options.unanswered?.has(url) !== true);
    const rest = candidates.filter((candidate) => !fresh.includes(candidate));
    if (fresh.length > 0) return { candidates: [...fresh, ...rest], steps };
    tried ??= candidates;
    if (isFinal(first)) break;
    trace(first.way, 'did not answer: the next way is asked');
  }
  // every way led to nothing: from the beginning
  if (tried !== undefined) return { candidates: tried, steps };
  const told = steps.map((step) => `\n    ${step.way}: ${step.note}`).join('');
  throw new RazorMkError('RAZOR_MK_NO_SERVER', `no provisioning server was found:${told}`);
}

/** Ways that are found, not given. */
const FOUND = /^(DNS|DHCP|next-server|SRV)/;

type Trace = (way: string, note: string, candidates?: readonly Candidate[]) => readonly Candidate[];
type Way = (options: DiscoveryOptions, trace: Trace) => Promise<readonly Candidate[]>;

function waysOf({ kernelKeys, product }: DiscoveryOptions): readonly Way[] {
  return [
    (options, trace) => given('--server', options.option, options, trace),
    ...kernelKeys.map(
      (key): Way =>
        (options, trace) =>
          fromKernelKey(key, options, trace),
    ),
    (options, trace) => given('environment', options.environment, options, trace),
    (options, trace) => given('configuration file', options.configFile, options, trace),
    // Foreman has no default name, and next-server names the TFTP server, which may be a smart proxy or not
    ...(product === 'foreman' ? [] : [byDefaultName, fromHanlonLease, fromNextServer]),
    byService,
  ];
}

/**
 * Whether nobody else is asked, even if this one never answers: somebody wrote it on this machine, or it is https, which
 * must not end at a stranger's http.
 */
function isFinal({ way, url }: Candidate): boolean {
  return way === '--server' || way === 'environment' || way === 'configuration file' || url.startsWith('https:');
}

/** Ports of SRV records that mean https (living-servers 3.3). */
const HTTPS_PORTS: readonly number[] = [443, 8443, 9090];

async function given(
  way: string,
  texts: readonly string[] | undefined,
  options: DiscoveryOptions,
  trace: Trace,
): Promise<readonly Candidate[]> {
  if (texts === undefined || texts.length === 0) return [];
  return await candidatesOf(way, texts, options, trace);
}

async function fromKernelKey(key: string, options: DiscoveryOptions, trace: Trace): Promise<readonly Candidate[]> {
  const way = `kernel line ${key}`;
  const all = options.cmdline.all(key);
  const value = all.at(-1);
  if (value === undefined) return trace(way, 'not given');
  if (all.length > 1) trace(way, `given ${all.length} times (${redactText(all.join(', '))}): the last one counts`);
  const words = value.split(',').filter((word) => word !== '');
  if (words.length === 0) return trace(way, 'given without a value');
  return await candidatesOf(way, words, options, trace);
}

/** Addresses as they were written, names resolved. What cannot be used is traced and passed over. */
async function candidatesOf(
  way: string,
  texts: readonly string[],
  options: DiscoveryOptions,
  trace: Trace,
): Promise<readonly Candidate[]> {
  const candidates: Candidate[] = [];
  for (const text of texts) {
    const address = parsedFor(options, text);
    if (address === undefined) trace(way, `"${redactText(text.slice(0, 100))}" is no address`);
    // a URL has no place for the interface, and without it the kernel does not know where to send
    else if (address.host.includes('%')) trace(way, `${text} is an address of one link, which no URL can name`);
    else if (familyOf(address.host) !== 0) {
      candidates.push(
        ...trace(way, `${text} is an address`, [
          { url: baseUrl(address, options.defaultPort), way, given: !FOUND.test(way) },
        ]),
      );
    } else candidates.push(...(await resolved(way, address, options, trace)));
  }
  return candidates;
}

/** One address. Foreman's are URLs; a bare name of one means https, which it speaks unless somebody took that away. */
function parsedFor({ product }: DiscoveryOptions, text: string): ServerAddress | undefined {
  const address = parseAddress(text);
  if (address === undefined || product !== 'foreman' || /^https?:/i.test(text.trim())) return address;
  return { ...address, scheme: 'https' };
}

async function resolved(
  way: string,
  address: ServerAddress,
  options: DiscoveryOptions,
  trace: Trace,
): Promise<readonly Candidate[]> {
  const lookup = await lookupAddresses(address.host, await dnsOptions(options));
  const candidates = lookup.found.map((ip): Candidate => {
    const more = { way, given: !FOUND.test(way), ttl: lookup.ttl };
    // the certificate, and among Foreman's web servers the virtual host, is for the name
    const byName = address.scheme === 'https' || options.product === 'foreman';
    if (byName) return { url: baseUrl(address, options.defaultPort), address: ip, ...more };
    return { url: baseUrl(address, options.defaultPort, ip), ...more };
  });
  const note = lookup.trace.join('; ') || 'no resolver was asked';
  return trace(way, `name ${address.host}: ${note}`, candidates);
}

async function byDefaultName(options: DiscoveryOptions, trace: Trace): Promise<readonly Candidate[]> {
  const address: ServerAddress = { scheme: 'http', host: options.product, port: undefined, path: '' };
  return await resolved(`DNS name ${options.product}`, address, options, trace);
}

async function fromHanlonLease(options: DiscoveryOptions, trace: Trace): Promise<readonly Candidate[]> {
  if (options.product !== 'hanlon') return [];
  const way = 'DHCP options of Hanlon';
  const { address, note } = await readHanlonLease(options.nextServerFile);
  if (address === undefined) return trace(way, note);
  if (familyOf(address.host) === 0) return await resolved(way, address, options, trace);
  return trace(way, note, [{ url: baseUrl(address, options.defaultPort), way, given: false }]);
}

async function fromNextServer(options: DiscoveryOptions, trace: Trace): Promise<readonly Candidate[]> {
  const way = 'next-server file';
  const bytes = await readCapped(options.nextServerFile, 8192).catch((error: unknown) => error as Error);
  if (bytes === undefined) return trace(way, `${options.nextServerFile} does not exist`);
  if (bytes instanceof Error) return trace(way, bytes.message);
  const address = parseNextServer(bytes);
  if ('wrong' in address) return trace(way, `${options.nextServerFile} ${address.wrong}`);
  if (familyOf(address.host) === 0) return await resolved(way, address, options, trace);
  return trace(way, `${options.nextServerFile} holds ${address.host}`, [
    { url: baseUrl(address, options.defaultPort), way, given: !FOUND.test(way) },
  ]);
}

async function byService(options: DiscoveryOptions, trace: Trace): Promise<readonly Candidate[]> {
  const foreman = options.product === 'foreman';
  const name = foreman ? '_x-foreman._tcp' : `_${options.product}._tcp`;
  const way = `SRV ${name}`;
  const dns = await dnsOptions(options);
  const services = await lookupService(name, dns);
  if (services.found.length === 0) return trace(way, services.trace.join('; ') || 'no resolver was asked');
  const candidates: Candidate[] = [];
  for (const service of services.found.slice(0, 4)) {
    const scheme = foreman && HTTPS_PORTS.includes(service.port) ? 'https' : 'http';
    const address: ServerAddress = { scheme, host: service.host, port: service.port, path: '' };
    candidates.push(...(await resolved(way, address, options, trace)));
  }
  return candidates;
}

async function dnsOptions(options: DiscoveryOptions): Promise<DnsOptions> {
  const text = await readCapped(options.resolvConf, 65_536).catch(() => undefined);
  return {
    conf: parseResolvConf(text?.toString('utf8') ?? ''),
    port: options.dnsPort,
    signal: options.signal,
  };
}
