/** Tables of requests with what the original server answers, sent as bytes to a faithful lab. */
import assert from 'node:assert/strict';
import { rawRequest } from '../../helpers/raw-http.ts';

/** What the body must be: the whole text, a pattern, or a value by path of JSON (`response.command_name`). */
export type BodyFact = string | RegExp | { readonly json: Readonly<Record<string, unknown>> };

export interface RequestRow {
  /** `METHOD PATH`; `{NAME}` stands for a value of the world. */
  readonly send: string;
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
  readonly status: number;
  /** The whole content-type header. */
  readonly type?: string;
  readonly is?: BodyFact;
  /** Changes the world before the request. */
  readonly before?: () => Promise<unknown>;
}

/** Sends one row to `base` and compares the answer. */
export async function checkRow(base: string, row: RequestRow, names: Readonly<Record<string, string>>): Promise<void> {
  await row.before?.();
  const fill = (text: string): string =>
    text.replaceAll(/\{([A-Z]+)\}/g, (whole, name: string) => names[name] ?? whole);
  const [method = '', ...path] = fill(row.send).split(' ');
  const reply = await rawRequest(base, [`${method} ${path.join(' ')} HTTP/1.1`, ...(row.headers ?? [])], row.body);
  const shown = `${row.send}: ${JSON.stringify(reply.body.slice(0, 300))}`;
  assert.equal(reply.status, row.status, shown);
  if (row.type !== undefined) assert.equal(reply.headers['content-type'], row.type, shown);
  if (typeof row.is === 'string') assert.equal(reply.body, fill(row.is), shown);
  else if (row.is instanceof RegExp) assert.match(reply.body, row.is, shown);
  else if (row.is) {
    for (const [path, expected] of Object.entries(row.is.json)) {
      assert.deepEqual(at(JSON.parse(reply.body), path.split('.')), expected, `${path} of ${shown}`);
    }
  }
}

function at(value: unknown, path: readonly string[]): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  return typeof value === 'object' && value !== null ? at((value as Record<string, unknown>)[key], rest) : undefined;
}
