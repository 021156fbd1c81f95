/**
 * Node carries the sources of its own modules as text. Two of them nothing in the executable can reach, and they are a twentieth of its
 * compressed size: amaro, which strips the types of TypeScript (its WebAssembly is the largest part of Node's sources), and QUIC, which
 * no flag of ours turns on. In the place of each stands a line that says so, and empty lines, so that nothing in the ELF file moves.
 */
import { readFileSync, writeFileSync } from 'node:fs';

/** Node's names of them, as `process.binding('natives')` lists them. */
export const UNUSED_SOURCES: readonly string[] = ['internal/deps/amaro/dist/index', 'internal/quic/quic'];

/** Sources of the running Node by name: the executable holds the same version, for whatever processor. */
function sourcesOfNode(): Readonly<Record<string, string>> {
  // deprecated in the documentation only, and the sole place where they can be had
  return (process as unknown as { binding(name: 'natives'): Readonly<Record<string, string>> }).binding('natives');
}

/** What stands in the place of a source. */
function notice(name: string): string {
  return `throw new Error('${name} is not part of this executable');`;
}

/** Blanks these sources in a file's bytes, and returns how many bytes that were. One that is not there exactly once stays as it is. */
export function blankSources(file: Buffer, sources: Readonly<Record<string, string>>): number {
  let blanked = 0;
  for (const [name, source] of Object.entries(sources)) {
    // a source that is not plain ASCII lies there in UTF-16
    for (const encoding of ['latin1', 'utf16le'] as const) {
      const bytes = Buffer.from(source, encoding);
      const at = file.indexOf(bytes);
      if (at < 0 || file.indexOf(bytes, at + 1) >= 0) continue;
      file.write(notice(name).padEnd(source.length, '\n'), at, encoding);
      blanked += bytes.length;
      break;
    }
  }
  return blanked;
}

/** Blanks the unused sources of the Node at `path`, in place. Returns the bytes; 0 where they are not found, which is no error. */
export function blankUnusedSources(path: string): number {
  const all = sourcesOfNode();
  const file = readFileSync(path);
  const blanked = blankSources(
    file,
    Object.fromEntries(UNUSED_SOURCES.flatMap((name) => (all[name] === undefined ? [] : [[name, all[name]]]))),
  );
  if (blanked > 0) writeFileSync(path, file);
  return blanked;
}
