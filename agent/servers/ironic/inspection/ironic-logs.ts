/** What a person needs who looks into a failure from the conductor's side: our logs, facts and a capture, as one gzipped tar. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FactSet } from '../../../../facts/fact-types.ts';
import { messageOf } from '../../../../platform/errors/errors.ts';
import { readCapped } from '../../../../platform/files.ts';
import { redactText } from '../../../../platform/log/redact.ts';
import { gzippedTar } from '../../../../platform/tar.ts';
import { LOG_FILE } from '../../../node/logging.ts';

interface LogsOptions {
  readonly logDir: string;
  readonly collect: () => Promise<FactSet>;
  readonly capture: () => Promise<Buffer>;
  readonly wall: Date;
}

/** Of each log file, and of the capture: what is bigger does not go into one JSON answer. */
const LONGEST_FILE = 4 * 1024 * 1024;

/** The archive. A part that cannot be had is named in `missing.txt`; the rest is there. */
export async function collectLogs({ logDir, collect, capture, wall }: LogsOptions): Promise<Buffer> {
  const files = new Map<string, Buffer>();
  const missing: string[] = [];
  const add = async (name: string, make: () => Promise<Buffer | undefined>): Promise<void> => {
    try {
      const bytes = await make();
      if (bytes === undefined) return;
      if (bytes.length > LONGEST_FILE) throw new Error(`it has ${bytes.length} bytes, more than ${LONGEST_FILE}`);
      files.set(name, bytes);
    } catch (error) {
      missing.push(`${name}: ${messageOf(error)}`);
    }
  };
  for (const name of logFiles(logDir)) {
    await add(`log/${name}`, async () => {
      const bytes = await readCapped(join(logDir, name), LONGEST_FILE);
      return bytes && (name.endsWith('.gz') ? bytes : Buffer.from(redactText(bytes.toString('utf8'))));
    });
  }
  await add('facts.json', async () => {
    const set = await collect();
    const facts = Object.fromEntries([...set.facts].map(([name, { value }]) => [name, value]));
    return Buffer.from(redactText(`${JSON.stringify({ facts, errors: set.errors }, undefined, 1)}\n`));
  });
  await add('capture.tar.gz', capture);
  if (missing.length > 0) files.set('missing.txt', Buffer.from(`${missing.join('\n')}\n`));
  const entries = new Map([...files].map(([name, bytes]) => [`razor-mk/${name}`, bytes]));
  return await gzippedTar(entries, { mtime: wall, mode: 0o600 });
}

function logFiles(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => name.startsWith(LOG_FILE))
      .sort()
      .slice(0, 10);
  } catch {
    return [];
  }
}
