/** The body of a local config push: plain JSON, or the original's odd form, URL-encoded JSON with a `=` at its end. */
import type { IncomingMessage } from 'node:http';
import * as z from 'zod/mini';
import { messageOf } from '../../platform/errors/errors.ts';

/** A body that is refused, with the status that says so. */
export class BodyError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const LIMIT = 64 * 1024;
const Map = z.record(z.string().check(z.maxLength(100)), z.unknown());

/** Reads a request's body. Throws BodyError. */
export async function readPushBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LIMIT) throw new BodyError(413, `a configuration is not longer than ${LIMIT} bytes`);
    chunks.push(chunk);
  }
  return parsePushBody(Buffer.concat(chunks).toString('utf8'));
}

/**
 * The map in a body. Ruby 1.8's post_form of a string sends `<URL-encoded JSON>=`
 * (docs/contracts/razor-0.x.md#pushed-configuration); `+` is a blank there. Throws BodyError 400.
 */
export function parsePushBody(text: string): Readonly<Record<string, unknown>> {
  let json = text.trim();
  try {
    if (!json.startsWith('{')) json = decodeURIComponent(json.replaceAll('+', ' '));
    if (json.endsWith('=')) json = json.slice(0, -1);
    const parsed = Map.safeParse(JSON.parse(json) as unknown);
    if (!parsed.success) throw new Error('it is no JSON object');
    return parsed.data;
  } catch (error) {
    throw new BodyError(400, `the body is not a configuration: ${messageOf(error)}`);
  }
}
