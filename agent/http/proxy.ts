/** The proxies of the environment, as Node's agents take them: what those would pass over in silence is an error or put right. */
import { isIPv4 } from 'node:net';
import { RazorMkError } from '../../platform/errors/errors.ts';
import { redactText } from '../../platform/log/redact.ts';

type Variables = Readonly<Record<string, string | undefined>>;

export const PROXY_NAMES = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'] as const;

export interface Proxy {
  readonly host: string;
  readonly port: number;
  /** The variable that names it. */
  readonly from: string;
}

/**
 * The proxy variables, usable. `HOST:PORT` means http, as everywhere else; networks of no_proxy become ranges. Throws
 * RAZOR_MK_TRUST for what is no http proxy: the request would go out past it.
 */
export function readProxies(environment: Variables): Record<string, string> {
  const set: Record<string, string> = {};
  for (const name of PROXY_NAMES) {
    const written = environment[name]?.trim();
    if (written === undefined || written === '') continue;
    set[name] = /^no/i.test(name) ? written.split(',').map(asRange).join(',') : proxyUrl(name, written);
  }
  return set;
}

/** Through which proxy a URL is asked, if any. Lower case wins, as in Node. */
export function proxyFor(url: string, proxies: Variables): Proxy | undefined {
  const { protocol, hostname, port } = new URL(url);
  const kind = protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const from = [kind, kind.toUpperCase()].find((name) => proxies[name]);
  const found = from === undefined ? undefined : proxies[from];
  if (from === undefined || found === undefined) return undefined;
  const host = hostname.toLowerCase();
  const wholePort = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  const passed = (proxies['no_proxy'] || proxies['NO_PROXY'] || '').toLowerCase().split(',');
  if (passed.some((entry) => matches(entry.trim(), host, wholePort))) return undefined;
  const proxy = new URL(found);
  return {
    host: proxy.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(proxy.port) || (proxy.protocol === 'https:' ? 443 : 80),
    from,
  };
}

function proxyUrl(name: string, written: string): string {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? written : `http://${written}`;
  if (!/\s/.test(url) && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new RazorMkError('RAZOR_MK_TRUST', `${name} is no http proxy: ${redactText(written).slice(0, 200)}`, {
    remedy: `Write ${name}=http://HOST:PORT, or take it away.`,
  });
}

/** `10.0.0.0/8` as `10.0.0.0-10.255.255.255`, which is what Node understands. Other entries stay. */
function asRange(entry: string): string {
  const [, address, bits] = /^\s*([\d.]+)\/(\d{1,2})\s*$/.exec(entry) ?? [];
  if (address === undefined || !isIPv4(address) || Number(bits) > 32) return entry;
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(numberOf(address) / size) * size;
  return `${dotted(first)}-${dotted(first + size - 1)}`;
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*' || entry === host || entry === `${host}:${port}`) return true;
  if (entry.startsWith('.')) return host === entry.slice(1) || host.endsWith(entry);
  if (entry.startsWith('*.')) return host.endsWith(entry.slice(1));
  const [first = '', last = ''] = entry.split('-').map((word) => word.trim());
  if (!isIPv4(host) || !isIPv4(first) || !isIPv4(last)) return false;
  return numberOf(host) >= numberOf(first) && numberOf(host) <= numberOf(last);
}

const numberOf = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const dotted = (value: number): string => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
