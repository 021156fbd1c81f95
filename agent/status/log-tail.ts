/** The end of the agent's log file, as the status page shows it. */
import { open } from 'node:fs/promises';

/** Most bytes that are read. */
const TAIL = 64 * 1024;

const LEVELS: Readonly<Record<number, string>> = { 20: 'debug', 40: 'warn', 50: 'error', 60: 'fatal' };

/** JSON lines of the log as people read them: time of day (UTC), level where it is not info, part, message. Pure. */
export function logLines(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    let entry: unknown;
    try {
      entry = JSON.parse(line);
    } catch {
      return []; // the first one is cut in two, most often
    }
    if (typeof entry !== 'object' || entry === null) return [];
    const { time, level, part, msg } = entry as Readonly<Record<string, unknown>>;
    if (typeof msg !== 'string') return [];
    const words = [
      typeof time === 'string' ? time.slice(11, 19) : '',
      typeof level === 'number' && LEVELS[level] !== undefined ? `${LEVELS[level]}:` : '',
      typeof part === 'string' ? `${part}:` : '',
      msg,
    ];
    return [words.filter((word) => word !== '').join(' ')];
  });
}

/** The last lines of a log file; none where it cannot be read. */
export async function readLogTail(path: string | undefined): Promise<readonly string[]> {
  if (path === undefined) return [];
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const start = Math.max(0, size - TAIL);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
      return logLines(buffer.toString('utf8', 0, bytesRead));
    } finally {
      await file.close();
    }
  } catch {
    return [];
  }
}
