/** Names that a running lab knows, for the completion of shells. */
import type { AskedNames, Host } from '../../../platform/process/verb.ts';
import { isRecord } from '../../listeners/request-body.ts';
import { openClient } from '../management-client.ts';

/** Where the names are that an option takes. */
const OF_OPTION: Readonly<Record<string, string>> = {
  model: '/api/models',
  broker: '/api/brokers',
  image: '/api/images',
  template: '/api/templates',
  tags: '/api/tags',
  node: '/api/nodes',
};

/** Where the names are that may stand there: those of the verb's own things behind an action that is about one. */
export function pathOf(own: string, { option, words }: AskedNames): string | undefined {
  if (option !== undefined) return OF_OPTION[option];
  return words.length === 1 && words[0] !== 'add' && words[0] !== 'list' ? own : undefined;
}

/** What the things below a path of the management API are called. A node goes by its hardware ids too. */
export async function labNames(
  path: string | undefined,
  { given }: AskedNames,
  host: Host,
): Promise<readonly string[]> {
  if (path === undefined) return [];
  const client = await openClient({ lab: given['lab'], 'token-file': given['token-file'], format: undefined }, host);
  const things = await client.call('GET', path);
  return (Array.isArray(things) ? things : []).filter(isRecord).flatMap((thing) => {
    const ids = Array.isArray(thing['hwIds']) ? thing['hwIds'] : [];
    const name = (path === '/api/tags' ? thing['tag'] : undefined) ?? thing['label'] ?? thing['name'] ?? thing['uuid'];
    return [name, ...ids].map(String);
  });
}
