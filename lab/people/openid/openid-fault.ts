/** Why a login by OpenID Connect was refused, in words for the person at the browser. */
import { messageOf } from '../../../platform/errors/errors.ts';

/** Shown on the login page, with this status. */
export class OpenIdFault extends Error {
  readonly status: number;
  constructor(status: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.status = status;
  }
}

/** What a library's error means. 401 where the answer cannot be trusted, 502 where the provider does not work. */
export function openIdFaultOf(error: unknown, issuer: string): OpenIdFault {
  if (error instanceof OpenIdFault) return error;
  const { name, code, error: refused, error_description: words } = error as Record<string, unknown>;
  const why = causeOf(error);
  if (name === 'AuthorizationResponseError' || name === 'ResponseBodyError') {
    const said = [refused, words].filter((each) => typeof each === 'string').join(': ');
    return new OpenIdFault(401, `The provider ${issuer} refused the login: ${said.slice(0, 300)}.`, error);
  }
  const answered = typeof code === 'string' && /^OAUTH_(INVALID_RESPONSE|JWT|JSON|KEY|UNSUPPORTED)/.test(code);
  if (answered) return new OpenIdFault(401, `What the provider ${issuer} answered is not accepted: ${why}.`, error);
  return new OpenIdFault(502, `The provider ${issuer} does not answer as it should: ${why}.`, error);
}

/** The innermost messages: fetch says only that it failed. */
function causeOf(error: unknown): string {
  const texts: string[] = [];
  for (let each = error; each instanceof Error && texts.length < 4; each = each.cause) texts.push(each.message);
  return (texts.length === 0 ? messageOf(error) : [...new Set(texts)].join(': ')).slice(0, 300);
}
