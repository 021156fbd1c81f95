/** What Foreman's boot menus put on the kernel line, under the names that its discovery image reads. */

import { macOfBootif } from '../../../platform/kernel-line.ts';
import { UPLOAD_INTERVAL } from './foreman-descriptor.ts';

export type ForemanPath = 'foreman' | 'proxy';

export interface ForemanParameters {
  /** proxy.type: whom the address belongs to, which decides the path. */
  readonly type: ForemanPath;
  /** The card that was booted from, lower case with colons; undefined where nothing names it. */
  readonly bootMac: string | undefined;
  /** `BOOTIF` or `fdi.pxmac`. */
  readonly bootMacFrom: string | undefined;
  /** How many uploads are made although nothing changed (fdi.cachefacts). */
  readonly extraUploads: number;
  /** fdi.pxfactnameN and fdi.pxfactvalueN. */
  readonly custom: Readonly<Record<string, string>>;
  /** What cannot be used, in words. */
  readonly problems: readonly string[];
}

const MOST_CUSTOM = 100;

/** Reads them; what cannot be used is a problem in words and has its default. */
export function readForemanParameters(kernel: (name: string) => string | undefined): ForemanParameters {
  const problems: string[] = [];
  const number = (name: string, fallback: number, [min, max]: readonly [number, number]): number => {
    const text = kernel(name);
    if (text === undefined || text === '') return fallback;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    problems.push(`${name}=${text.slice(0, 40)} is not between ${min} and ${max}: ${fallback} is used`);
    return fallback;
  };
  const type = (kernel('proxy.type') ?? '').toLowerCase();
  if (!['', 'foreman', 'proxy'].includes(type)) {
    problems.push(`proxy.type=${type.slice(0, 40)} is neither foreman nor proxy: foreman is used`);
  }
  const [bootMacFrom, bootMac] = bootCard(kernel, problems);
  // the interval itself is the descriptor's; here it is only checked
  number(UPLOAD_INTERVAL.kernelKey, UPLOAD_INTERVAL.seconds, UPLOAD_INTERVAL.bounds);
  return {
    type: type === 'proxy' ? 'proxy' : 'foreman',
    bootMac,
    bootMacFrom,
    extraUploads: number('fdi.cachefacts', 0, [0, 10_000]),
    custom: customFacts(kernel, problems),
    problems,
  };
}

function bootCard(
  kernel: (name: string) => string | undefined,
  problems: string[],
): [string | undefined, string | undefined] {
  for (const name of ['BOOTIF', 'fdi.pxmac']) {
    const text = kernel(name);
    if (text === undefined || text === '') continue;
    const mac = macOfBootif(text);
    if (mac !== undefined) return [name, mac];
    problems.push(`${name}: invalid MAC address "${text.slice(0, 60)}"`);
  }
  return [undefined, undefined];
}

/** Names from 1 on, up to the first that is missing. */
function customFacts(kernel: (name: string) => string | undefined, problems: string[]): Record<string, string> {
  const found: [string, string][] = [];
  for (let index = 1; index <= MOST_CUSTOM; index++) {
    const name = kernel(`fdi.pxfactname${index}`);
    if (name === undefined || name === '') break;
    if (/^[A-Za-z0-9_][A-Za-z0-9_:.-]{0,254}$/.test(name)) found.push([name, kernel(`fdi.pxfactvalue${index}`) ?? '']);
    else problems.push(`fdi.pxfactname${index}=${name.slice(0, 60)} cannot be the name of a fact`);
  }
  return Object.fromEntries(found);
}
