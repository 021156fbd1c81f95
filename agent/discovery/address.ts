/** Addresses as people write them: HOST, HOST:PORT, [IPv6]:PORT, bare IPv6, or a whole http(s) URL. */
import { isIP, isIPv4 } from 'node:net';
import { redactText } from '../../platform/log/redact.ts';

export interface ServerAddress {
  readonly scheme: 'http' | 'https';
  /** A name or an IP address; IPv6 without brackets. */
  readonly host: string;
  /** Undefined where none was written. */
  readonly port: number | undefined;
  /** Path of a URL, without a trailing slash; empty otherwise. */
  readonly path: string;
}

const HOST_NAME =
  /^(?=.{1,253}\.?$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;

/** 4, 6, or 0 for anything but an IP address. Node's test for IPv6 is a pattern that takes 4 ms to compile: HOST:PORT has one colon. */
export function ipFamilyOf(host: string): 0 | 4 | 6 {
  if (isIPv4(host)) return 4;
  return host.indexOf(':') !== host.lastIndexOf(':') && isIP(host) === 6 ? 6 : 0;
}

/** Reads one address. The result is undefined for an invalid one: `false`, `10.0.0.300`, an empty word, a port of 0. */
export function parseAddress(text: string): ServerAddress | undefined {
  const word = text.trim();
  if (word === '' || word.length > 2000) return undefined;
  if (/^https?:\/\//i.test(word)) return parseUrl(word);
  if (ipFamilyOf(word) === 6) return { scheme: 'http', host: word, port: undefined, path: '' };
  const match = /^(?:\[([0-9a-fA-F:.%a-z]+)\]|([^:/?#@\s[\]]+))(?::(\d{1,5}))?$/.exec(word);
  if (!match) return undefined;
  const [, v6, name, portText] = match;
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && (port < 1 || port > 65_535)) return undefined;
  if (v6 !== undefined) return ipFamilyOf(v6) === 6 ? { scheme: 'http', host: v6, port, path: '' } : undefined;
  return isHost(name as string) ? { scheme: 'http', host: name as string, port, path: '' } : undefined;
}

/** What is wrong with a text that `parseAddress` refuses, in words; secrets in it are hidden. */
export function addressFault(text: string): string {
  return `invalid address "${redactText(text.slice(0, 100))}"${bracketHint(text)}`;
}

/** What to add to the fault of an address or a URL that is wrong for want of brackets; empty for any other. */
export function bracketHint(text: string): string {
  const host = text
    .trim()
    .replace(/^https?:\/\//i, '')
    .replace(/\/.*$/, '');
  const bare = ipFamilyOf(host) === 6 || ipFamilyOf(host.replace(/:\d{1,5}$/, '')) === 6;
  return bare ? ': an IPv6 address with a port or in a URL stands in brackets, [ADDRESS]:PORT' : '';
}

function parseUrl(word: string): ServerAddress | undefined {
  if (!URL.canParse(word)) return undefined;
  const url = new URL(word);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (ipFamilyOf(host) === 0 && !isHost(host)) return undefined;
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  // URL drops a scheme's own port; somebody who wrote :80 meant it
  const written = /^https?:\/\/[^/]*?:(\d{1,5})(?:\/|$)/i.exec(word)?.[1];
  const port = url.port !== '' ? Number(url.port) : written === undefined ? undefined : Number(written);
  return { scheme, host, port, path: url.pathname.replace(/\/+$/, '') };
}

/** A host name, or an IPv4 address; four numbers that are no address are neither, and `false` is what a bug once wrote. */
function isHost(name: string): boolean {
  if (isIPv4(name)) return true;
  if (/^[\d.]+$/.test(name) || /^(false|true|null|nil|undefined)$/i.test(name)) return false;
  return HOST_NAME.test(name);
}

/** `http://host:port` (IPv6 in brackets), with the path of the address when it has one; the scheme's own port is left away. */
export function baseUrl(address: ServerAddress, defaultPort: number | undefined, host = address.host): string {
  const shown = ipFamilyOf(host) === 6 ? `[${host.replace(/%.*$/, '')}]` : host;
  const port = address.port ?? defaultPort;
  return `${address.scheme}://${shown}${port === undefined ? '' : `:${port}`}${address.path}`;
}
