/**
 * Who a request comes from, and what that person may do. A lab without token and operators is open to whoever reaches its loopback
 * address; with either, everybody says who he is: by a token (scripts), or by a session that a login opened (browsers).
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ROLES, type Credential, type LabOperator, type Role } from '../store/people.ts';
import type { Store } from '../store/store.ts';
import { createBucket } from '../listeners/buckets.ts';
import { hashSecret, isPassword, newSecret, sameSecret } from './secrets.ts';

/** Somebody who is known. */
export interface Actor {
  /** Name of the operator; `token` for the lab's own token, `anybody` where the lab is open. */
  readonly name: string;
  readonly role: Role;
  /** The browser's session; undefined for scripts and where the lab is open. */
  readonly session: Credential | undefined;
  /** What a form of this actor must bring along (lab/people/guard.ts). */
  readonly formToken: string;
}

/** Who may come in. */
export interface Access {
  /** Whether nobody is asked who he is. */
  open(): boolean;
  /** How the lab is protected, for people. */
  words(): 'open' | 'token' | 'operators';
  /** Who sends it, by its headers; undefined for nobody known. */
  identify(request: Pick<IncomingMessage, 'headers'>): Actor | undefined;
  /** Opens a session. The result is its secret; undefined for a wrong name or password, `later` after too many of them. */
  login(
    name: string,
    password: string,
    address: string,
  ): Promise<{ secret: string; name: string } | undefined | 'later'>;
  /** Opens a session for somebody whom the provider of OpenID Connect vouches for. The result is its secret. */
  openSession(person: Pick<Actor, 'name' | 'role'>): Promise<string>;
  /** Ends a session. */
  logout(actor: Actor): Promise<void>;
  /** Ends everything that stands for an operator, or its sessions alone. */
  endCredentials(operator: LabOperator, kind?: Credential['kind']): void;
}

/** A browser logs in again after this time. */
export const SESSION_MS = 12 * 3600_000;
export const SESSION_COOKIE = 'razor-mk-session';
/** Wrong passwords of one address: so many at once, then one in ten seconds. */
const TRIES = 5;
const TRIES_A_SECOND = 0.1;
/** Of all addresses together. */
const ALL_TRIES = 100;
const ALL_TRIES_A_SECOND = 2;

/** Whether a role may what another one may. */
export function mayAs(actor: Pick<Actor, 'role'>, needed: Role): boolean {
  return ROLES.indexOf(actor.role) >= ROLES.indexOf(needed);
}

/** The secret of an Authorization header: a bearer token, or the password of basic authentication. */
function offered(header: string | undefined): string | undefined {
  const [, scheme = '', value = ''] = /^(bearer|basic) +(\S+)$/i.exec(header ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (scheme.toLowerCase() !== 'basic') return undefined;
  const pair = Buffer.from(value, 'base64').toString();
  return pair.slice(pair.indexOf(':') + 1);
}

/** A cookie's value. */
export function cookieIn(header: string | undefined, name: string): string | undefined {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

/** Role and name of a session by OpenID Connect, from its label. */
function split(label: string): [Role, string] {
  const at = label.indexOf(' ');
  return [ROLES.find((role) => role === label.slice(0, at)) ?? 'look', label.slice(at + 1)];
}

interface AccessParts {
  readonly store: Store;
  /** Milliseconds since 1970: when sessions and tokens end. */
  readonly wall: () => number;
  /** Milliseconds of a clock that never jumps: how fast passwords may be tried. */
  readonly now: () => number;
  /** The lab's own token (--token-file): administers, and is not in the database. */
  readonly token: string | undefined;
  /** Issuer and client of OpenID Connect, where people may log in by it: their sessions end when it is another. */
  readonly openId?: string | undefined;
  /** Only this machine reaches it; nowhere else is it ever open. */
  readonly loopback: boolean;
}

/** Puts it together. */
export function createAccess({ store, wall, now, token, openId, loopback }: AccessParts): Access {
  const { operators, credentials } = store.people;
  const tries = createBucket({ most: TRIES, perSecond: TRIES_A_SECOND, now });
  const allTries = createBucket({ most: ALL_TRIES, perSecond: ALL_TRIES_A_SECOND, now });
  /** What a session of the lab's token belongs to: it ends with the token. */
  const tokenOwner = token === undefined ? undefined : `token:${hashSecret(token).slice(0, 16)}`;
  const openIdOwner = openId === undefined ? undefined : `oidc:${hashSecret(openId).slice(0, 16)}`;
  const openKey = randomBytes(32);
  const formToken = (key: string | Buffer): string => createHmac('sha256', key).update('form').digest('base64url');
  const actorOf = (kind: Credential['kind'], secret: string): Actor | undefined => {
    const hash = hashSecret(secret);
    const found = credentials.list().find((each) => each.hash === hash && each.kind === kind);
    if (!found || found.expires <= wall()) return undefined;
    const session = kind === 'session' ? found : undefined;
    if (found.operator === tokenOwner)
      return { name: 'token', role: 'administer', session, formToken: formToken(secret) };
    if (openIdOwner !== undefined && found.operator === openIdOwner) {
      const [role, name = ''] = split(found.label);
      return { name, role, session, formToken: formToken(secret) };
    }
    const operator = operators.get(found.operator);
    return operator && { name: operator.name, role: operator.role, session, formToken: formToken(secret) };
  };
  const open = (): boolean => loopback && token === undefined && openId === undefined && operators.list().length === 0;
  const addSession = async (operator: string, label: string): Promise<string> => {
    const secret = newSecret();
    const at = wall();
    await store.write(() => {
      for (const each of credentials.list()) if (each.expires <= at) credentials.remove(each.uuid);
      const session = { operator, kind: 'session', label, hash: hashSecret(secret) } as const;
      credentials.add({ ...session, added: at, expires: at + SESSION_MS });
    });
    return secret;
  };
  return {
    open,
    words: () => (open() ? 'open' : operators.list().length === 0 && openId === undefined ? 'token' : 'operators'),
    identify({ headers }) {
      if (open()) return { name: 'anybody', role: 'administer', session: undefined, formToken: formToken(openKey) };
      const given = offered(headers.authorization);
      if (given !== undefined) {
        if (token !== undefined && sameSecret(given, token))
          return { name: 'token', role: 'administer', session: undefined, formToken: '' };
        return actorOf('token', given);
      }
      const session = cookieIn(headers.cookie, SESSION_COOKIE);
      return session === undefined ? undefined : actorOf('session', session);
    },
    async login(name, password, address) {
      if (!tries.take(address)) return 'later';
      if (!allTries.take('')) return 'later';
      const isToken = token !== undefined && sameSecret(password, token);
      const operator = operators.list().find((each) => each.name === name);
      const known = isToken || (await isPassword(password, operator?.password));
      if (!known) return undefined;
      tries.giveBack(address);
      allTries.giveBack('');
      const secret = await addSession((isToken ? tokenOwner : operator?.uuid) ?? '', '');
      return { secret, name: isToken ? 'token' : name };
    },
    openSession: ({ name, role }) => addSession(openIdOwner ?? '', `${role} ${name}`),
    async logout({ session }) {
      if (session) await store.write(() => credentials.remove(session.uuid));
    },
    endCredentials(operator, kind) {
      for (const each of credentials.list()) {
        if (each.operator === operator.uuid && (kind ?? each.kind) === each.kind) credentials.remove(each.uuid);
      }
    },
  };
}
