/** Questions to the people's side of a lab, as scripts and browsers ask them. */
import type { Lab } from '../../../lab/lab-server.ts';

export const PORTS = { nodes: 0, images: 0, people: 0 };
const JSON_TYPE = { 'content-type': 'application/json' };

export interface Asked {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** One question; a redirect is not followed. */
export async function ask(lab: Lab, path: string, { method, body, headers }: Asked = {}): Promise<Response> {
  return await fetch(lab.peopleUrl + path, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    redirect: 'manual',
    headers: { ...(body !== undefined && JSON_TYPE), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}

/** A body. */
export async function json(reply: Response): Promise<Record<string, unknown>> {
  return (await reply.json()) as Record<string, unknown>;
}

/** The form of the login page. */
export async function logIn(
  lab: Lab,
  name: string,
  password: string,
  more: Record<string, string> = {},
): Promise<Response> {
  return await fetch(`${lab.peopleUrl}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...more },
    body: new URLSearchParams({ name, password, next: '/log' }).toString(),
  });
}

/** The cookie that a login gave. */
export const cookieOf = (reply: Response): string => (reply.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
/** The header of a token. */
export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
