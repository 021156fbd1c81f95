/** The provider of OpenID Connect, from the options. */
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { isLoopback } from '../../lab-server.ts';
import type { OpenIdOptions } from '../../lab-settings.ts';
import { ROLES, type Role } from '../../store/people.ts';
import { readToken } from '../management-client.ts';
import type { ServerValues } from './server-options.ts';

/** Undefined where none is given. Throws RAZOR_MK_USAGE and RAZOR_MK_FILE_UNREADABLE. */
export async function openIdOptions(values: ServerValues): Promise<OpenIdOptions | undefined> {
  const { 'oidc-issuer': issuer, 'oidc-client': client, 'oidc-role': roles = [] } = values;
  const secretFile = values['oidc-secret-file'];
  if (issuer === undefined) {
    if (client === undefined && secretFile === undefined && roles.length === 0) return undefined;
    throw usage('--oidc-client, --oidc-secret-file and --oidc-role need --oidc-issuer');
  }
  if (client === undefined) throw usage('--oidc-issuer needs --oidc-client');
  if (roles.length === 0) throw usage('--oidc-issuer needs --oidc-role', 'As --oidc-role razor-admins=administer.');
  checkIssuer(issuer);
  return {
    issuer,
    client,
    secret: secretFile === undefined ? undefined : await readToken(secretFile),
    scope: scopeOf(values['oidc-scope']),
    rolesClaim: values['oidc-roles-claim'],
    roles: new Map(roles.map(roleOf)),
  };
}

/** A provider that is reached in the clear could be anybody. */
function checkIssuer(issuer: string): void {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  const known =
    url &&
    (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname.replace(/^\[|\]$/g, ''))));
  if (!known) throw usage(`invalid issuer ${issuer}`, 'Give an https URL; http is for a provider on this machine.');
  if (url.pathname.includes('/.well-known/') || url.search !== '' || url.hash !== '') {
    throw usage(`invalid issuer ${issuer}`, 'Give the issuer itself, without /.well-known/… and without a query.');
  }
}

function scopeOf(scope: string): string {
  if (scope.split(' ').includes('openid')) return scope;
  throw usage(`--oidc-scope ${scope} has no openid`, 'Without that scope a provider does not say who somebody is.');
}

function roleOf(text: string): [string, Role] {
  const at = text.lastIndexOf('=');
  const role = ROLES.find((each) => each === text.slice(at + 1));
  if (at > 0 && role !== undefined) return [text.slice(0, at), role];
  throw usage(`invalid role ${text}`, `Use VALUE=ROLE, where the role is one of ${ROLES.join(', ')}.`);
}

function usage(message: string, remedy?: string): RazorMkError {
  return new RazorMkError('RAZOR_MK_USAGE', message, remedy === undefined ? {} : { remedy });
}
