/** Starts a provider of OpenID Connect for a test, and goes through its login as a browser does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Who logs in, and what is wrong with the ID token. */
export interface Setting {
  /** Undefined: the provider refuses the login. */
  readonly account?: string;
  readonly groups: readonly string[];
  /** Take the place of those of the ID token. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** The ID token is signed with a key that is not the provider's. */
  readonly otherKey?: boolean;
}

export interface OpenIdProvider {
  readonly issuer: string;
  set(setting: Setting): Promise<void>;
  stop(): Promise<void>;
}

const PROCESS = fileURLToPath(new URL('openid-provider-process.ts', import.meta.url));

export async function startOpenIdProvider(): Promise<OpenIdProvider> {
  const child = spawn(process.execPath, [PROCESS], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done === true) throw new Error('the provider ended before it listened');
  const issuer = first.value;
  return {
    issuer,
    async set(setting) {
      const reply = await fetch(`${issuer}/test`, { method: 'POST', body: JSON.stringify(setting) });
      await reply.text();
    },
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Cookies of one browser; all that the tests talk to are on one host. */
export type Cookies = Map<string, string>;

/** Follows redirects, from site to site, and keeps cookies. The result is the last answer and the addresses that were visited. */
export async function browse(url: string, cookies: Cookies): Promise<{ reply: Response; visited: readonly string[] }> {
  const visited: string[] = [];
  for (let next = url; ;) {
    visited.push(next);
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const reply = await fetch(next, { redirect: 'manual', headers: { cookie, accept: 'text/html' } });
    for (const line of reply.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '') cookies.delete(name);
      else cookies.set(name, value);
    }
    const location = reply.headers.get('location');
    if (location === null || visited.length > 20) return { reply, visited };
    await reply.arrayBuffer();
    next = new URL(location, next).href;
  }
}
