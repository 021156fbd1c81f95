/** Replies whose bytes are ours alone: fastify would add a charset to JSON types. */
import type { FastifyReply } from 'fastify';

/** Sends JSON with exactly `type` as its media type and, as the original does, a newline at the end. */
export function sendJson(reply: FastifyReply, status: number, body: unknown, type = 'application/json'): FastifyReply {
  return sendText(reply, status, `${JSON.stringify(body)}\n`, type);
}

/** Why a node was answered so, for people at the node: the agent shows it, and nothing is decided by it. */
export const REASON_HEADER = 'razor-mk-reason';

const LONGEST_REASON = 400;

/** The words as that header has them: percent-encoded. */
export function reasonText(reason: string): string {
  return encodeURIComponent(reason.slice(0, LONGEST_REASON).toWellFormed());
}

const asItIs = (body: string): string => body;

/** Sends text with exactly `type` as its media type. */
export function sendText(reply: FastifyReply, status: number, body: string, type: string): FastifyReply {
  // a serializer of our own leaves the type alone; a string goes out in one write with its head, a buffer in two
  return reply.code(status).header('content-type', type).serializer(asItIs).send(body);
}

export const HTML = 'text/html; charset=utf-8';
export const PLAIN = 'text/plain; charset=utf-8';
