/** Where the lab keeps the images that it unpacks. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { LabSettings } from '../lab-settings.ts';
import { isPostgresUrl } from '../store/open-lab-store.ts';

export interface ImageDirectory {
  /** The directory, made when it is asked for first. */
  path(): string;
  /** Removes it where it was a temporary one. */
  close(): void;
}

/** `imageDir`, else `FILE.images` beside the database, else a temporary directory that goes with the lab. */
export function openImageDirectory(settings: LabSettings): ImageDirectory {
  const file = settings.db !== ':memory:' && !isPostgresUrl(settings.db);
  const kept = settings.imageDir ?? (file ? `${settings.db}.images` : undefined);
  let path: string | undefined;
  return {
    path() {
      if (path !== undefined) return path;
      if (kept === undefined) path = mkdtempSync(join(tmpdir(), 'razor-mk-lab-images-'));
      else mkdirSync((path = resolve(kept)), { recursive: true });
      return path;
    },
    close() {
      if (kept === undefined && path !== undefined) rmSync(path, { recursive: true, force: true });
    },
  };
}
