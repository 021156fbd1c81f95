/**
 * Files on plain web servers that a site has signed beforehand: `FILE.sig` beside FILE, by `razor-mk lab sign`. It holds the digests
 * and a counter that grows with each signing, so that an older signature of the same name is not believed after a newer one was.
 */
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { replaceFile } from '../../../platform/files.ts';
import { isSignedBy, readSiteKey } from './signature.ts';

const Signature = z.object({
  file: z.string().check(z.minLength(1), z.maxLength(255)),
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  sha512: z.string().check(z.regex(/^[0-9a-f]{128}$/)),
  counter: z.int().check(z.minimum(1)),
  signature: z.string().check(z.maxLength(100)),
});

function signatureOf(url: string): string {
  const { href, search } = new URL(url);
  return `${href.slice(0, href.length - search.length)}.sig${search}`;
}

/** Bytes of a signature file. */
export const LONGEST_SIGNATURE = 4096;

/** Remembers the highest counter of each name. */
interface Counters {
  get(): unknown;
  set(counters: Readonly<Record<string, number>>): void;
}

/** Counters in a file of the state directory, which a restart of the agent survives and one of the machine does not. */
export function keptCounters(stateDir: string): Counters {
  const path = join(stateDir, 'signed-files.json');
  return {
    get() {
      try {
        return JSON.parse(readFileSync(path, 'utf8')) as unknown;
      } catch {
        return {};
      }
    },
    set: (counters) => replaceFile(path, JSON.stringify(counters), 0o600),
  };
}

interface CheckedFile {
  /** Its last word: `debian.raw`. */
  readonly name: string;
  /** Lower-case hex, of one of the two that are signed. */
  readonly digest: { readonly algorithm: string; readonly hex: string };
  /** What lies beside it under NAME.sig. */
  readonly signature: Uint8Array;
}

export interface FileSignatures {
  /** Where the signature of a file lies. */
  signatureOf(url: string): string;
  /** Throws RAZOR_MK_TRUST unless the site has signed this content under this name, and nothing newer was seen. */
  check(file: CheckedFile): void;
}

const Seen = z.record(z.string(), z.int());
const MOST_SEEN = 1000;

/** What is signed of a file. */
function fileBytes({ file, sha256, sha512, counter }: Omit<z.infer<typeof Signature>, 'signature'>): Buffer {
  return Buffer.from(['razor-mk file 1', file, sha256, sha512, String(counter), ''].join('\n'));
}

/** Checks files against a public key in PEM. Throws RAZOR_MK_TRUST for a key that cannot be used. */
export function openFileSignatures(pem: string, counters: Counters): FileSignatures {
  const key: KeyObject = readSiteKey(pem);
  return {
    signatureOf,
    check({ name, digest, signature }) {
      const refuse = (why: string): RazorMkError =>
        new RazorMkError('RAZOR_MK_TRUST', `${name}: ${why}, and this node has a site key`, {
          remedy: `Sign it: razor-mk lab sign --site-key KEY ${name}, and put ${name}.sig beside it.`,
        });
      const found = parse(signature);
      if (found === undefined) throw refuse(`${name}.sig is not a signature`);
      if (!isSignedBy(key, fileBytes(found), found.signature)) throw refuse(`${name}.sig is not of the site’s key`);
      if (found.file !== name) throw refuse(`${name}.sig is of ${JSON.stringify(found.file)}`);
      const signed = { sha256: found.sha256, sha512: found.sha512 }[digest.algorithm];
      if (signed === undefined) throw refuse(`its checksum is ${digest.algorithm}, and SHA-256 or SHA-512 are signed`);
      if (signed !== digest.hex) throw refuse(`its content is not the one that was signed`);
      const parsed = Seen.safeParse(counters.get());
      const seen = parsed.success ? parsed.data : {};
      const newest = seen[name] ?? 0;
      if (found.counter < newest)
        throw refuse(`${name}.sig has the counter ${found.counter}, and ${newest} was seen before`);
      if (found.counter === newest) return;
      const rows = Object.entries({ ...seen, [name]: found.counter }).slice(-MOST_SEEN);
      counters.set(Object.fromEntries(rows));
    },
  };
}

function parse(bytes: Uint8Array): z.infer<typeof Signature> | undefined {
  try {
    const parsed = Signature.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
