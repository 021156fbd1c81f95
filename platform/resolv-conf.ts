/** resolv.conf(5), read once for discovery, doctor and facts: resolvers, search list, and the options that matter here. */
import { isIP } from 'node:net';

export interface ResolvConf {
  /** At most three, as the C library takes them; 127.0.0.1 when there is none. */
  readonly nameservers: readonly string[];
  /** Whether the file names a resolver. */
  readonly named: boolean;
  /** The first `domain` line's. */
  readonly domain: string | undefined;
  readonly search: readonly string[];
  readonly ndots: number;
  /** Milliseconds for one question to one resolver. */
  readonly timeoutMs: number;
  /** How often the list of resolvers is gone through. */
  readonly attempts: number;
}

const DEFAULT_TIMEOUT_MS = 2000;
/** Most are of this form, and are known without Node's pattern for IPv6, which takes 4 ms to compile. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** Reads the file's text; unknown lines are passed over. The last of `domain` and `search` wins. */
export function parseResolvConf(text: string): ResolvConf {
  const nameservers: string[] = [];
  let search: string[] = [];
  let domain: string | undefined;
  let [ndots, timeoutMs, attempts] = [1, DEFAULT_TIMEOUT_MS, 2];
  for (const line of text.slice(0, 65_536).split('\n')) {
    const [word, ...rest] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    if (word === 'nameserver') {
      const address = rest[0] ?? '';
      if (IPV4.test(address) || isIP(address.replace(/%.*$/, '')) !== 0) nameservers.push(address);
    } else if (word === 'search' || word === 'domain') {
      search = rest
        .slice(0, word === 'domain' ? 1 : 32)
        .map((name) => name.replace(/\.$/, ''))
        .filter((name) => name !== '');
      if (word === 'domain') domain ??= search[0];
    } else if (word === 'options') {
      for (const option of rest) {
        const [name, value] = option.split(':');
        const number = Number(value);
        if (!Number.isInteger(number)) continue;
        if (name === 'ndots') ndots = Math.min(15, Math.max(0, number));
        if (name === 'timeout') timeoutMs = Math.min(30, Math.max(1, number)) * 1000;
        if (name === 'attempts') attempts = Math.min(5, Math.max(1, number));
      }
    }
  }
  return {
    nameservers: nameservers.length === 0 ? ['127.0.0.1'] : nameservers.slice(0, 3),
    named: nameservers.length > 0,
    domain,
    search,
    ndots,
    timeoutMs,
    attempts,
  };
}

/** The full names to ask for, in order: as it stands first when it has enough dots, and always at the end. */
export function searchNames(name: string, conf: Pick<ResolvConf, 'search' | 'ndots'>): readonly string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const dots = name.split('.').length - 1;
  const searched = conf.search.map((domain) => `${name}.${domain}`);
  return dots >= conf.ndots ? [name, ...searched] : [...searched, name];
}
