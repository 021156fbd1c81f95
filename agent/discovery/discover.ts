/**
 * Where the provisioning server is. In order: option, kernel line `razor.ip`, kernel line `razor.server` by DNS,
 * environment, configuration file, the DNS name `razor`, the next-server file, and SRV `_razor._tcp`. Every step leaves
 * a trace. The first way that gives an address counts, and those behind it are asked only when it led to no server.
 */
import { RazorMkError } from '../../platform/errors/errors.ts';
import { readCapped } from '../../platform/files.ts';
import { redactText } from '../../platform/log/redact.ts';
import type { Candidate, Discovery, DiscoveryStep } from './candidate.ts';
import { baseUrl, familyOf, parseAddress, type ServerAddress } from './address.ts';
import type { CommandLine } from '../../platform/kernel-line.ts';
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
  /** URLs that were tried and did not answer: a source that leads to no others is followed by the next one. */
  readonly unanswered?: ReadonlySet<string>;
  readonly signal?: AbortSignal;
}

/** Finds candidates. Throws RAZOR_MK_NO_SERVER, with every step in its message, when no source gives one. */
export async function discover(options: DiscoveryOptions): Promise<Discovery> {
  const steps: DiscoveryStep[] = [];
  const trace = (source: string, note: string, candidates: readonly Candidate[] = []): readonly Candidate[] => {
    steps.push({ source, note, found: candidates.map((candidate) => candidate.url) });
    return candidates;
  };
  for (const note of options.cmdline.notes) trace('kernel line', note);
  let tried: readonly Candidate[] | undefined;
  for (const method of methodsOf(options)) {
    options.signal?.throwIfAborted();
    const candidates = await method(options, trace);
    const first = candidates[0];
    if (first === undefined) continue;
    const fresh = candidates.filter(({ url }) => options.unanswered?.has(url) !== true);
    const rest = candidates.filter((candidate) => !fresh.includes(candidate));
    if (fresh.length > 0) return { candidates: [...fresh, ...rest], steps };
    tried ??= candidates;
    if (isFinal(first)) break;
    trace(first.source, 'did not answer: the next source is asked');
  }
  // every source led to nothing: from the beginning
  if (tried !== undefined) return { candidates: tried, steps };
  const told = steps.map((step) => `\n    ${step.source}: ${step.note}`).join('');
  throw new RazorMkError('RAZOR_MK_NO_SERVER', `no provisioning server was found:${told}`);
}

/** Sources that find an address, where others give it. */
const FOUND = /^(DNS|DHCP|next-server|SRV)/;

type Trace = (source: string, note: string, candidates?: readonly Candidate[]) => readonly Candidate[];
type Method = (options: DiscoveryOptions, trace: Trace) => Promise<readonly Candidate[]>;

function methodsOf({ kernelKeys, product }: DiscoveryOptions): readonly Method[] {
  return [
    (options, trace) => given('--server', options.option, options, trace),
    ...kernelKeys.map(
      (key): Method =>
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
function isFinal({ source, url }: Candidate): boolean {
  return (
    source === '--server' || source === 'environment' || source === 'configuration file' || url.startsWith('https:')
  );
}

/** Ports of SRV records that mean https (docs/contracts/foreman.md#finding-the-server). */
const HTTPS_PORTS: readonly number[] = [443, 8443, 9090];

async function given(
  source: string,
  texts: readonly string[] | undefined,
  options: DiscoveryOptions,
  trace: Trace,
): Promise<readonly Candidate[]> {
  if (texts === undefined || texts.length === 0) return [];
  return await candidatesOf(source, texts, options, trace);
}

async function fromKernelKey(key: string, options: DiscoveryOptions, trace: Trace): Promise<readonly Candidate[]> {
  const source = `kernel line ${key}`;
  const all = options.cmdline.all(key);
  const value = all.at(-1);
  if (value === undefined) return trace(source, 'not given');
  if (all.length > 1) trace(source, `given ${all.length} times (${redactText(all.join(', '))}): the last one counts`);
  const words = value.split(',').filter((word) => word !== '');
  if (words.length === 0) return trace(source, 'given without a value');
  return await candidatesOf(source, words, options, trace);
}

/** Addresses as they were written, names resolved. What cannot be used is traced and passed over. */
async function candidatesOf(
  source: string,
  texts: readonly string[],
  options: DiscoveryOptions,
  trace: Trace,
): Promise<readonly Candidate[]> {
  const candidates: Candidate[] = [];
  for (const text of texts) {
    const address = parsedFor(options, text);
    if (address === undefined) trace(source, `"${redactText(text.slice(0, 100))}" is no address`);
    // a URL has no place for the interface, and without it the kernel does not know where to send
    else if (address.host.includes('%')) trace(source, `${text} is an address of one link, which no URL can name`);
    else if (familyOf(address.host) !== 0) {
      candidates.push(
        ...trace(source, `${text} is an address`, [
          { url: baseUrl(address, options.defaultPort), source, given: !FOUND.test(source) },
        ]),
      );
    } else candidates.push(...(await resolved(source, address, options, trace)));
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
  source: string,
  address: ServerAddress,
  options: DiscoveryOptions,
  trace: Trace,
): Promise<readonly Candidate[]> {
  const lookup = await lookupAddresses(address.host, await dnsOptions(options));
  const candidates = lookup.found.map((ip): Candidate => {
    const more = { source, given: !FOUND.test(source), ttl: lookup.ttl };
    // the certificate, and among Foreman's web servers the virtual host, is for the name
    const byName = address.scheme === 'https' || options.product === 'foreman';
    if (byName) return { url: baseUrl(address, options.defaultPort), address: ip, ...more };
    return { url: baseUrl(address, options.defaultPort, ip), ...more };
  });
  const note = lookup.trace.join('; ') || 'no resolver was asked';
  return trace(source, `name ${address.host}: ${note}`, candidates);
}

async function byDefaultName(options: DiscoveryOptions, trace: Trace): Promise<readonly Candidate[]> {
  const address: ServerAddress = { scheme: 'http', host: options.product, port: undefined, path: '' };
  return await resolved(`DNS name ${options.product}`, address, options, trace);
}

async function fromHanlonLease(options: DiscoveryOptions, trace: Trace): Promise<readonly Candidate[]> {
  if (options.product !== 'hanlon') return [];
  const source = 'DHCP options of Hanlon';
  const { address, note } = await readHanlonLease(options.nextServerFile);
  if (address === undefined) return trace(source, note);
  if (familyOf(address.host) === 0) return await resolved(source, address, options, trace);
  return trace(source, note, [{ url: baseUrl(address, options.defaultPort), source, given: false }]);
}

async function fromNextServer(options: DiscoveryOptions, trace: Trace): Promise<readonly Candidate[]> {
  const source = 'next-server file';
  const bytes = await readCapped(options.nextServerFile, 8192).catch((error: unknown) => error as Error);
  if (bytes === undefined) return trace(source, `${options.nextServerFile} does not exist`);
  if (bytes instanceof Error) return trace(source, bytes.message);
  const address = parseNextServer(bytes);
  if ('wrong' in address) return trace(source, `${options.nextServerFile} ${address.wrong}`);
  if (familyOf(address.host) === 0) return await resolved(source, address, options, trace);
  return trace(source, `${options.nextServerFile} holds ${address.host}`, [
    { url: baseUrl(address, options.defaultPort), source, given: !FOUND.test(source) },
  ]);
}

async function byService(options: DiscoveryOptions, trace: Trace): Promise<readonly Candidate[]> {
  const foreman = options.product === 'foreman';
  const name = foreman ? '_x-foreman._tcp' : `_${options.product}._tcp`;
  const source = `SRV ${name}`;
  const dns = await dnsOptions(options);
  const services = await lookupService(name, dns);
  if (services.found.length === 0) return trace(source, services.trace.join('; ') || 'no resolver was asked');
  const candidates: Candidate[] = [];
  for (const service of services.found.slice(0, 4)) {
    const scheme = foreman && HTTPS_PORTS.includes(service.port) ? 'https' : 'http';
    const address: ServerAddress = { scheme, host: service.host, port: service.port, path: '' };
    candidates.push(...(await resolved(source, address, options, trace)));
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
