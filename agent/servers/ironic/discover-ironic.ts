/** Where Ironic is: it writes whole URLs on the kernel line, and nothing else is asked. */
import { RazorMkError } from '../../../platform/errors/errors.ts';
import type { CommandLine } from '../../../platform/kernel-line.ts';
import type { Discovery } from '../../discovery/candidate.ts';
import { ironicParameters } from './ironic-parameters.ts';

/** The API's URLs, else those of the inspection. Throws RAZOR_MK_NO_SERVER where the kernel line has none that can be used. */
export function discoverIronic(kernel: CommandLine): Discovery {
  const { apiUrls, callbackUrls, notes } = ironicParameters(kernel);
  const steps = [
    { source: 'kernel line ipa-inspection-callback-url', note: told(callbackUrls), found: callbackUrls },
    { source: 'kernel line ipa-api-url', note: told(apiUrls), found: apiUrls },
    ...notes.map((note) => ({ source: 'kernel line', note, found: [] })),
  ];
  const ways = [
    { source: 'kernel line ipa-api-url', urls: apiUrls },
    { source: 'kernel line ipa-inspection-callback-url', urls: callbackUrls },
  ];
  const { source, urls } = ways.find((each) => each.urls.length > 0) ?? { source: '', urls: [] };
  if (urls.length === 0) {
    const why = notes.length === 0 ? '' : `: ${notes.join('; ')}`;
    throw new RazorMkError('RAZOR_MK_NO_SERVER', `the kernel line names no Ironic that can be used${why}`, {
      remedy: 'Give ipa-api-url= or ipa-inspection-callback-url= with a whole http or https URL.',
    });
  }
  return { candidates: urls.map((url) => ({ url, source, given: true })), steps };
}

function told(urls: readonly string[]): string {
  return urls.length === 0 ? 'not given' : 'given';
}
