/**
 * Proxies: which one a URL goes through, decided here for every client (requests, files, explanations, doctor), so that Node's own
 * reading of the variables, which knows no networks and no IPv6 exceptions, is never asked. The variables and the meaning of
 * no_proxy are curl's (curl(1), ENVIRONMENT and `--noproxy`), with ranges and ports besides.
 */
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { redactText } from '../../platform/log/redact.ts';

type Variables = Readonly<Record<string, string | undefined>>;

const PROXY_NAMES = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'] as const;

export interface Proxy {
  /** `http://[USER:PASSWORD@]HOST:PORT`, with a scheme. */
  readonly url: string;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  /** The variable that names it. */
  readonly from: string;
}

export interface Proxies {
  /** For http URLs. */
  readonly http: Proxy | undefined;
  /** For https URLs. */
  readonly https: Proxy | undefined;
  /** Whether no_proxy excepts a host (without brackets, lower case) at a port. */
  readonly excepts: (host: string, port: number) => boolean;
}

export const NO_PROXIES: Proxies = { http: undefined, https: undefined, excepts: () => false };

/**
 * The proxies that variables name; lower case wins, as in curl and Node. `HOST:PORT` means http. Throws RAZOR_MK_TRUST for a
 * proxy of another kind: the request would go out past it.
 */
export function readProxies(environment: Variables): Proxies {
  const proxies = PROXY_NAMES.filter((name) => !/^no/i.test(name)).flatMap((name) => {
    const written = environment[name]?.trim() ?? '';
    return written === '' ? [] : [[name, parseProxy(name, written)] as const];
  });
  const first = (...names: readonly string[]): Proxy | undefined =>
    names.map((name) => proxies.find(([each]) => each === name)?.[1]).find((proxy) => proxy !== undefined);
  const list = environment['no_proxy']?.trim() || environment['NO_PROXY'] || '';
  return {
    http: first('http_proxy', 'HTTP_PROXY'),
    https: first('https_proxy', 'HTTPS_PROXY'),
    excepts: parseNoProxy(list),
  };
}

/** The proxy that a URL is asked through, if any. */
export function proxyFor(url: string, proxies: Proxies): Proxy | undefined {
  const { protocol, hostname, port } = new URL(url);
  const proxy = protocol === 'https:' ? proxies.https : proxies.http;
  if (proxy === undefined) return undefined;
  const number = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  return proxies.excepts(bare(hostname), number) ? undefined : proxy;
}

function parseProxy(name: string, written: string): Proxy {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? written : `http://${written}`;
  const url = /\s/.test(text) ? null : URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new RazorMkError('RAZOR_MK_TRUST', `${name}: not an http proxy: ${redactText(written).slice(0, 200)}`, {
      remedy: `Write ${name}=http://HOST:PORT, or remove it.`,
    });
  }
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  return { url: text, host: bare(url.hostname), port, from: name };
}

type Exception = (host: string, port: number) => boolean;

/**
 * Entries of no_proxy, separated by commas or blanks: `*`, a name (with all names below it, written with or without a dot or
 * `*.` in front), an address (IPv6 with or without brackets), a network (`10.0.0.0/8`, `fd00::/8`), a range
 * (`10.0.0.1-10.0.0.9`); `:PORT` behind a name, an IPv4 address or brackets restricts it to that port. Entries that mean nothing
 * except nothing.
 */
function parseNoProxy(list: string): Exception {
  const entries = list
    .replaceAll(/\s+-\s+/g, '-')
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .slice(0, 1000)
    .map((entry) => parseException(entry.toLowerCase()));
  return (host, port) => entries.some((entry) => entry(host.replace(/\.$/, ''), port));
}

function parseException(entry: string): Exception {
  if (entry === '*') return () => true;
  const [, inBrackets = '', bracketPort] = /^\[([^\]]+)\](?::(\d+))?$/.exec(entry) ?? [];
  const [, before = '', plainPort] = /^([^:]+):(\d+)$/.exec(entry) ?? [];
  const port = bracketPort ?? plainPort;
  const what = inBrackets || before || entry.replace(/^\[([^\]]+)\]/, '$1');
  const matches = blockOf(what) ?? nameOf(what);
  return (host, at) => (port === undefined || Number(port) === at) && matches(host);
}

/** An address, a network or a range; undefined for a name. */
function blockOf(text: string): ((host: string) => boolean) | undefined {
  const list = new BlockList();
  const [address = '', bits] = text.split('/');
  const [first = '', last = ''] = text.split('-');
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  if (isIP(address) !== 0 && bits === undefined) list.addAddress(address, family);
  else if (isIP(address) !== 0 && /^\d{1,3}$/.test(bits ?? '') && Number(bits) <= (family === 'ipv6' ? 128 : 32)) {
    list.addSubnet(address, Number(bits), family);
  } else if (isIPv4(first) && isIPv4(last) && numberOf(first) <= numberOf(last)) list.addRange(first, last);
  else return undefined;
  // BlockList takes IPv4 addresses for mapped ones: ::/0 would have all of them
  return (host) => isIP(host) === (family === 'ipv6' ? 6 : 4) && list.check(host, family);
}

function nameOf(text: string): (host: string) => boolean {
  const name = text.replace(/^\*?\./, '').replace(/\.$/, '');
  return (host) => name !== '' && (host === name || (isIP(host) === 0 && host.endsWith(`.${name}`)));
}

const bare = (hostname: string): string => hostname.toLowerCase().replace(/^\[(.*)\]$/, '$1');
const numberOf = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
