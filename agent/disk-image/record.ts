/** What was written where, kept for the commands that come after it, also when the agent was restarted in between. */
import { join } from 'node:path';
import * as z from 'zod/mini';
import { readCapped, replaceFile } from '../../platform/files.ts';

const SCHEMA = z.object({
  disk: z.string(),
  /** A regular file that stands for a disk has no firmware that boots it. */
  device: z.boolean(),
  image: z.string(),
  bytes: z.number(),
  diskIdentifier: z.optional(z.string()),
  efi: z.optional(z.object({ number: z.number() })),
});

export type ImageRecord = z.infer<typeof SCHEMA>;

const FILE = 'deployed-image.json';

/** Writes it down for the commands that follow. Throws RAZOR_MK_FILE_UNWRITABLE. */
export function keepRecord(stateDir: string, record: ImageRecord): void {
  replaceFile(join(stateDir, FILE), `${JSON.stringify(record)}\n`, 0o600);
}

/** The last image that was written by this boot, or undefined. */
export async function readRecord(stateDir: string): Promise<ImageRecord | undefined> {
  const bytes = await readCapped(join(stateDir, FILE), 64 * 1024).catch(() => undefined);
  if (bytes === undefined) return undefined;
  try {
    return SCHEMA.parse(JSON.parse(bytes.toString('utf8')));
  } catch {
    return undefined;
  }
}
