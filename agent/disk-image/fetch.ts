/** How this room fetches: the agent's one client (agent/http/file-client.ts), whose failures become those of the deployment. */
import { RazorMkError } from '../../platform/errors/errors.ts';
import { FileFailure, readSmallFile, type FileClient, type FileRequest } from '../http/file-client.ts';

export interface FetchOptions extends Omit<FileRequest, 'url'> {
  readonly files: FileClient;
}

/** A failed fetch as the deployment's failure (RAZOR_MK_DEPLOY_IMAGE); anything else as it is. */
export function imageFailure(error: unknown): unknown {
  if (!(error instanceof FileFailure)) return error;
  return new RazorMkError('RAZOR_MK_DEPLOY_IMAGE', error.message, { cause: error, remedy: error.remedy });
}

/** A short text, for lists of checksums and base64. Throws RAZOR_MK_DEPLOY_IMAGE when it is longer than `limit` bytes. */
export async function fetchBytes(url: string, limit: number, { files, ...request }: FetchOptions): Promise<Buffer> {
  try {
    return await readSmallFile(files, { ...request, url }, limit);
  } catch (error) {
    throw imageFailure(error);
  }
}
