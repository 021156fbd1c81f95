/** What the suites of the page share: the browser, and every view of a lab. */
import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';

/** Why the suites of the page are skipped here; false where they run. */
export const skip = existsSync(CHROMIUM) ? false : `${CHROMIUM} is not installed (Debian package chromium)`;

/** Debian's Chromium, without a window. */
export async function launchBrowser(): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  return await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}
