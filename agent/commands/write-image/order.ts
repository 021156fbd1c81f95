/** The order to write an image, as the lab sends it (docs/contracts/write-image.md), checked. */
import * as z from 'zod/mini';
import { RazorMkError } from '../../../platform/errors/errors.ts';

const HttpUrl = z.string().check(
  z.maxLength(2000),
  z.refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'not an http(s) URL'),
);
const Sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/, 'not a SHA-256 in lower-case hex'));

const Order = z.object({
  image: z.object({
    url: HttpUrl,
    hash: z.enum(['sha256', 'sha384', 'sha512']),
    value: z.string().check(z.regex(/^[0-9a-f]{64,128}$/, 'not a checksum in lower-case hex')),
    format: z.optional(z.enum(['raw', 'qcow2'])),
    /** Bytes of the disk that the image is of. */
    size: z.optional(z.int().check(z.gte(512))),
  }),
  /** Hints as `root_device=` has them, or `smallest`; without them one disk must be the only one that fits. */
  root_device: z.optional(z.string().check(z.minLength(1), z.maxLength(1000))),
  config_drive: z.optional(z.object({ url: HttpUrl, sha256: Sha256 })),
  /** What is fetched when it has happened; `progress` and `error` with a text as `message=`. */
  report: z.object({ start: HttpUrl, progress: HttpUrl, end: HttpUrl, error: HttpUrl }),
});

export type WriteOrder = z.infer<typeof Order>;

/** Throws RAZOR_MK_COMMAND for what is no order. */
export function readOrder(param: unknown): WriteOrder {
  const parsed = Order.safeParse(param);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new RazorMkError(
    'RAZOR_MK_COMMAND',
    `write_image: ${issue?.path.join('.') || 'the parameter'}: ${issue?.message ?? 'is wrong'}`,
    { remedy: 'Its parameter is described in docs/contracts/write-image.md.' },
  );
}
