/** The config drive: an ISO 9660 or FAT image with the instance's first configuration, as Ironic hands it over. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { messageOf, RazorMkError } from '../../platform/errors/errors.ts';
import { fetchBytes, type FetchOptions } from './fetch.ts';

const LONGEST = 64 * 1024 * 1024;
/** base64 is a third longer. */
const LONGEST_TEXT = 90 * 1024 * 1024;
const unzip = promisify(gunzip);

/**
 * The bytes of a config drive that came as a URL, or as base64 of a gzip. What a URL gives may be either of them, or the bytes
 * themselves. `fetchFor` says how a URL is fetched. Throws RAZOR_MK_DEPLOY_IMAGE.
 */
export async function readConfigDrive(given: string, fetchFor: (url: string) => FetchOptions): Promise<Buffer> {
  if (!/^https?:\/\//i.test(given)) return await unpacked(decode(given) ?? fail('invalid base64'));
  const bytes = await fetchBytes(given, LONGEST_TEXT, fetchFor(given));
  return await unpacked(isGzip(bytes) ? bytes : (decode(bytes.toString('latin1')) ?? bytes));
}

function decode(text: string): Buffer | undefined {
  const plain = text.replaceAll(/\s/g, '');
  if (plain.length === 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(plain)) return undefined;
  return Buffer.from(plain, 'base64');
}

async function unpacked(bytes: Buffer): Promise<Buffer> {
  if (!isGzip(bytes)) return bytes.length > LONGEST ? fail('it is longer than 64 MiB') : bytes;
  try {
    return await unzip(bytes, { maxOutputLength: LONGEST });
  } catch (error) {
    return fail(`it cannot be unpacked: ${messageOf(error)}`);
  }
}

function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

function fail(why: string): never {
  throw new RazorMkError('RAZOR_MK_DEPLOY_IMAGE', `config drive: ${why}`);
}
