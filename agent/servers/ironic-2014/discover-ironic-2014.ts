/** Where the conductor's API is: `ironic_api_url=`, a whole URL, and nothing else is asked. */
import { RazorMkError } from '../../../platform/errors/errors.ts';
import { bracketHint } from '../../discovery/address.ts';
import type { Discovery } from '../../discovery/candidate.ts';
import type { CommandLine } from '../../../platform/kernel-line.ts';

/** The one candidate. Throws RAZOR_MK_NO_SERVER where the kernel line has none that can be used. */
export function discoverIronic2014(kernel: CommandLine): Discovery {
  const source = 'kernel line ironic_api_url';
  const url = (kernel.value('ironic_api_url') ?? '').replace(/\/+$/, '');
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    const why =
      url === '' ? 'has no ironic_api_url=' : `has an invalid ironic_api_url="${url.slice(0, 100)}"${bracketHint(url)}`;
    throw new RazorMkError('RAZOR_MK_NO_SERVER', `the kernel line ${why}`, {
      remedy: 'Give ironic_api_url= with a whole http or https URL.',
    });
  }
  return { candidates: [{ url, source, given: true }], steps: [{ source, note: 'given', found: [url] }] };
}
