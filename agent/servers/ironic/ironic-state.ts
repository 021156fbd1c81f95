/**
 * What must survive a restart of the agent within one boot: the token, which Ironic hands out once; and port, key and certificate,
 * which must not change while the node is in an operation. One file in the state directory, readable by its owner only.
 */
import { join } from 'node:path';
import * as z from 'zod/mini';
import { messageOf } from '../../../platform/errors/errors.ts';
import { readCapped, replaceFile } from '../../../platform/files.ts';

const schema = z.object({
  uuid: z.optional(z.string().check(z.maxLength(36))),
  token: z.optional(z.string().check(z.maxLength(1000))),
  address: z.optional(z.string().check(z.maxLength(64))),
  port: z.optional(z.number()),
  key: z.optional(z.string().check(z.maxLength(10_000))),
  certificate: z.optional(z.string().check(z.maxLength(10_000))),
});

type Remembered = z.infer<typeof schema>;

export interface Memory {
  readonly value: Remembered;
  /** Replaces some members. A file that cannot be written is said; the agent goes on without. */
  keep(some: Partial<Remembered>): void;
}

export const MEMORY_FILE = 'ironic.json';

/** Reads it; one that cannot be read is said, and nothing is remembered. */
export async function openMemory(dir: string, warn: (message: string) => void): Promise<Memory> {
  const path = join(dir, MEMORY_FILE);
  let value: Remembered = {};
  try {
    const bytes = await readCapped(path, 64 * 1024);
    if (bytes !== undefined) value = schema.parse(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    warn(`${path} cannot be used (${messageOf(error)}): token and certificate of before are forgotten`);
  }
  return {
    get value() {
      return value;
    },
    keep(some) {
      value = { ...value, ...some };
      try {
        replaceFile(path, `${JSON.stringify(value)}\n`, 0o600);
      } catch (error) {
        warn(`${messageOf(error)}; a restart of the agent would lose the token`);
      }
    },
  };
}
