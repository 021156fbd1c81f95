/** What each form of the page brings along, so that a form of another site is not taken for one of ours. */
import type { FastifyRequest } from 'fastify';
import { actorOf } from './guard.ts';
import { sameSecret } from './secrets.ts';

/** The hidden field of forms. */
export const formToken = {
  field: 'form_token',
  /** Whether the fields have the token of the one who sends them. */
  matches(request: FastifyRequest, fields: URLSearchParams): boolean {
    const wanted = actorOf(request)?.formToken ?? '';
    return wanted !== '' && sameSecret(fields.get(formToken.field) ?? '', wanted);
  },
};
