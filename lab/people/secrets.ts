/** Passwords as scrypt hashes, and the random secrets of tokens and sessions. */
import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** N, r, p: 32 MiB and about a fifth of a second, one of the settings of OWASP's Password Storage Cheat Sheet. */
const COST = { N: 2 ** 15, r: 8, p: 3 } as const;
const MAX_MEMORY = 128 * 1024 * 1024;
const LENGTH = 32;

/** At most so many are computed at once: each takes a thread and 32 MiB. */
const AT_ONCE = 2;
let running = 0;
const waiting: (() => void)[] = [];

async function derive(password: string, salt: Buffer, cost: { N: number; r: number; p: number }): Promise<Buffer> {
  if (running >= AT_ONCE) await new Promise<void>((free) => waiting.push(free));
  running++;
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      scrypt(password.normalize('NFKC'), salt, LENGTH, { ...cost, maxmem: MAX_MEMORY }, (error, key) =>
        error ? reject(error) : resolve(key),
      );
    });
  } finally {
    running--;
    waiting.shift()?.();
  }
}

/** A password as it is kept: `scrypt$N$r$p$SALT$HASH`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await derive(password, salt, COST);
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/** Nobody's: it is checked where there is no operator, so that the time does not tell which names exist. */
const NOBODYS = `scrypt$${COST.N}$${COST.r}$${COST.p}$${'A'.repeat(22)}$${'A'.repeat(43)}`;

/** Whether it is the password that was kept; false, and as late, where none was. */
export async function isPassword(password: string, kept: string | undefined): Promise<boolean> {
  const [, N, r, p, salt = '', hash = ''] = (kept ?? NOBODYS).split('$');
  const wanted = Buffer.from(hash, 'base64url');
  const key = await derive(password, Buffer.from(salt, 'base64url'), { N: Number(N), r: Number(r), p: Number(p) });
  return timingSafeEqual(key, wanted) && kept !== undefined;
}

/** A secret of 256 random bits: `rmk_…` for a script, without the word for a browser. */
export function newSecret(word = ''): string {
  return word + randomBytes(32).toString('base64url');
}

/** A password that a person can copy: 120 random bits. */
export function newPassword(): string {
  return randomBytes(15).toString('base64url');
}

/** What is kept of a random secret. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Whether two texts are the same, in a time that says nothing about them. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(hashSecret(a)), Buffer.from(hashSecret(b)));
}
