/**
 * Logins by OpenID Connect: authorization code with PKCE (OpenID Connect Core 1.0, RFC 7636), by openid-client. What a login needs until
 * it comes back lies in the browser, so that another lab can end what this one began. The provider is asked when the first login comes:
 * a lab starts without it.
 */
import type { Configuration, IDToken } from 'openid-client';
import * as z from 'zod/mini';
import type { OpenIdOptions } from '../../lab-settings.ts';
import { ROLES, type Role } from '../../store/people.ts';
import { OpenIdFault, openIdFaultOf } from './openid-fault.ts';

/** Somebody whom the provider knows and who may come in. */
export interface OpenIdPerson {
  /** `oidc:` and the name at the provider: no operator of the lab is called so. */
  readonly name: string;
  readonly role: Role;
}

/** One provider. */
export interface OpenId {
  /** Host of the issuer, for the button. */
  readonly label: string;
  /** Where the browser goes, and what it keeps until it is back. Throws OpenIdFault. */
  begin(redirect: string): Promise<{ readonly url: string; readonly pending: string }>;
  /** Who came back to `url`. Throws OpenIdFault. */
  finish(url: URL, pending: string | undefined): Promise<OpenIdPerson>;
}

const PENDING = z.strictObject({
  state: z.string().check(z.maxLength(100)),
  nonce: z.string().check(z.maxLength(100)),
  verifier: z.string().check(z.maxLength(100)),
});
const NAME = /^[^\p{C}]{1,100}$/u;
/** Seconds that a request to the provider may take. */
const PATIENCE = 10;

/** Puts it together; asks nobody yet. */
export function createOpenId(options: OpenIdOptions): OpenId {
  let known: Promise<Configuration> | undefined;
  const configuration = async (): Promise<Configuration> => {
    known ??= discover(options);
    try {
      return await known;
    } catch (error) {
      known = undefined;
      throw openIdFaultOf(error, options.issuer);
    }
  };
  return {
    label: new URL(options.issuer).host,
    async begin(redirect) {
      const config = await configuration();
      const client = await import('openid-client');
      const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()];
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: redirect,
        scope: options.scope,
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      });
      const pending = Buffer.from(JSON.stringify({ state, nonce, verifier })).toString('base64url');
      return { url: url.href, pending };
    },
    async finish(url, pending) {
      const kept = readPending(pending);
      const config = await configuration();
      const client = await import('openid-client');
      try {
        const tokens = await client.authorizationCodeGrant(config, url, {
          expectedState: kept.state,
          expectedNonce: kept.nonce,
          pkceCodeVerifier: kept.verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (!claims) throw new Error('there is no ID token');
        const missing = claims[options.rolesClaim] === undefined && config.serverMetadata().userinfo_endpoint;
        const more = missing ? await client.fetchUserInfo(config, tokens.access_token, claims.sub) : {};
        return personOf({ ...more, ...claims }, options);
      } catch (error) {
        throw openIdFaultOf(error, options.issuer);
      }
    },
  };
}

async function discover({ issuer, client: id, secret }: OpenIdOptions): Promise<Configuration> {
  const client = await import('openid-client');
  const url = new URL(issuer);
  const config = await client.discovery(url, id, secret, secret === undefined ? client.None() : undefined, {
    timeout: PATIENCE,
    // the ID token's signature is checked too, not only the connection that it came by
    execute: [client.enableNonRepudiationChecks, ...(url.protocol === 'http:' ? [client.allowInsecureRequests] : [])],
  });
  return config;
}

function readPending(pending: string | undefined): z.infer<typeof PENDING> {
  try {
    return PENDING.parse(JSON.parse(Buffer.from(pending ?? '', 'base64url').toString()));
  } catch {
    throw new OpenIdFault(401, 'This login is over: it was used already, took too long, or began in another browser.');
  }
}

/** Name and role by the claims. Throws OpenIdFault. */
export function personOf(
  claims: Readonly<Record<string, unknown>> & Pick<IDToken, 'sub'>,
  { rolesClaim, roles }: Pick<OpenIdOptions, 'rolesClaim' | 'roles'>,
): OpenIdPerson {
  const names = [claims['preferred_username'], claims['email'], claims.sub];
  const name = names.find((each): each is string => typeof each === 'string' && NAME.test(each)) ?? '';
  const claim = claims[rolesClaim];
  const given = (Array.isArray(claim) ? claim : [claim]).filter((each) => typeof each === 'string');
  const role = ROLES.findLast((each) => given.some((value) => roles.get(value) === each));
  if (role !== undefined) return { name: `oidc:${name}`, role };
  const has = claim === undefined ? 'there is no such claim' : `it has ${JSON.stringify(claim).slice(0, 200)}`;
  throw new OpenIdFault(
    403,
    `${name} has no role here: none of claim ${rolesClaim} is known to the lab (--oidc-role), ${has}.`,
  );
}
