/** A site's key for tests, and signature files made with it, as `razor-mk lab sign` writes them. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';

export interface SiteKey {
  /** The public half, PEM. */
  readonly pem: string;
  /** FILE.sig of a file. */
  signature(file: string, content: string | Uint8Array, counter?: number): Buffer;
}

export function siteKey(): SiteKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    pem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    signature(file, content, counter = 1) {
      const [sha256, sha512] = ['sha256', 'sha512'].map((name) => createHash(name).update(content).digest('hex'));
      const text = ['razor-mk file 1', file, sha256, sha512, String(counter), ''].join('\n');
      const signature = sign(null, Buffer.from(text), privateKey).toString('base64');
      return Buffer.from(JSON.stringify({ file, sha256, sha512, counter, signature }));
    },
  };
}
