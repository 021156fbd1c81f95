/** Captures, loaded when somebody asks: their archive and schema libraries cost every start some milliseconds otherwise. */
import type { CollectOptions } from '../collect-facts.ts';
import type { Sources } from '../sources/sources.ts';
import type { Capture } from './capture.ts';

/** Gathers and records everything that the groups asked for, and nothing else. */
export async function captureMachine(options: CollectOptions & { readonly redact?: boolean }): Promise<Capture> {
  return await (await import('./capture.ts')).captureMachine(options);
}

/** Opens a capture file. Throws RAZOR_MK_FILE_UNREADABLE or RAZOR_MK_CAPTURE. */
export async function openCapture(path: string): Promise<Sources> {
  return await (await import('./capture.ts')).openCapture(path);
}

/** The same from bytes; `name` is for messages. */
export async function captureSources(bytes: Uint8Array, name: string): Promise<Sources> {
  return await (await import('./capture.ts')).captureSources(bytes, name);
}
