/** Files of the page: beside this module in a clone, carried by the executable that has the lab in it (packaging/). */
import { readFileSync } from 'node:fs';
import { getRawAsset } from 'node:sea';
import { EXECUTABLE } from '../../platform/process/executable.ts';

/** The text of a file in lab/pages/assets. */
export function pageAsset(name: string): string {
  if (EXECUTABLE) return Buffer.from(getRawAsset(`page/${name}`)).toString('utf8');
  return readFileSync(new URL(`assets/${name}`, import.meta.url), 'utf8');
}
